"""The three free objects of an account, with defaults and bounds (contract 4.3)."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Poll = Annotated[float, Field(ge=1, le=300, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0.1, le=10, allow_inf_nan=False)]


class Part(BaseModel):
    """Base of the three objects: strict, unknown keys refused, every field with a default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def of(cls, given: dict[str, Any] | None) -> Self:
        """The effective values: what was given over the defaults; None is all defaults."""
        return cls.model_validate(given or {})


class AntiDetect(Part):
    """Pauses of an account, all in seconds."""

    startup_delay_min: Seconds = 0
    startup_delay_max: Seconds = 0
    shutdown_delay_min: Seconds = 0
    shutdown_delay_max: Seconds = 0
    runner_delay_min: Poll = 4
    runner_delay_max: Poll = 8
    session_refresh_interval: float = Field(2400, ge=300, le=86400, allow_inf_nan=False)
    session_refresh_jitter: float = Field(600, ge=0, le=86400, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("startup_delay", "shutdown_delay", "runner_delay"):
            _no_more(self, f"{name}_min", f"{name}_max")
        _no_more(self, "session_refresh_jitter", "session_refresh_interval")
        return self


class RateLimit(Part):
    """The pace towards FunPay: seconds, factors, and calls inside a window of seconds."""

    base_delay: float = Field(1.0, ge=0, le=60, allow_inf_nan=False)
    jitter_min: Factor = 0.8
    jitter_max: Factor = 1.3
    burst_limit: int = Field(5, ge=1, le=100)
    burst_window: float = Field(10, ge=1, le=600, allow_inf_nan=False)
    cooldown_after_burst: float = Field(5, ge=0, le=600, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _no_more(self, "jitter_min", "jitter_max")
        return self


class Reconnect(Part):
    """The back-off after a failure; `max_attempts` 0 is endless, delays in seconds."""

    enabled: bool = True
    max_attempts: int = Field(50, ge=0, le=1_000_000)
    base_delay: float = Field(5, ge=0.1, le=3600, allow_inf_nan=False)
    max_delay: float = Field(300, ge=0.1, le=86400, allow_inf_nan=False)
    backoff_factor: float = Field(2, ge=1, le=10, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _no_more(self, "base_delay", "max_delay")
        return self


def _no_more(model: BaseModel, low: str, high: str) -> None:
    if getattr(model, low) > getattr(model, high):
        raise ValueError(f"{low} must not be greater than {high}")
