"""What the seller may set for auto_raise, per account."""

from pydantic import Field

from opium.kit import Settings


class AutoRaiseSettings(Settings):
    """`delay_range_minutes`: each raise is up to this much late, by chance, so as not to look
    like a clock."""

    enabled: bool = Field(False, title="Raise by itself")
    delay_range_minutes: int = Field(0, ge=0, le=1440, title="Random delay, minutes")
