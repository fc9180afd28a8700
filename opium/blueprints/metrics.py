"""The figures of the server, for Prometheus (docs/metrics.md)."""

from __future__ import annotations

from flask import Blueprint, Response

from opium.blueprints.parts import Core
from opium.schema import typed

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def blueprint(core: Core) -> Blueprint:
    bp = Blueprint("metrics", __name__, url_prefix="/api")

    @bp.get("/metrics")
    @typed(media=TEXT)
    def get_metrics() -> Response:
        """Figures in Prometheus' text format; the token of OPIUM_METRICS_TOKEN is good here too."""
        return Response(core.metrics(), content_type=TEXT)

    return bp
