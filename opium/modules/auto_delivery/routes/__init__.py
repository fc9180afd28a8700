"""The routes under `/api/accounts/<account>/modules/auto_delivery` (contract 14.2)."""

from flask import Blueprint

from opium.modules.auto_delivery.routes import (
    deliveries,
    images,
    mappings,
    messages,
    overview,
    products,
    stock,
    transfer,
)


def blueprint() -> Blueprint:
    """The routes, made anew for each application."""
    routes = Blueprint("auto_delivery", __name__)
    for part in (overview, products, stock, transfer, images, mappings, messages, deliveries):
        part.register(routes)
    return routes
