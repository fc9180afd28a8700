"""A form as the browser would submit it."""

from __future__ import annotations

from collections.abc import Callable

from bs4 import Tag

from opium.funpay.pages.tree import Part, attr

__all__ = ["submitted"]

_SILENT = ("submit", "button", "reset", "image", "file")


def submitted(form: Part, used: Callable[[Tag], bool] = lambda control: True) -> dict[str, str]:
    """The values by name: no disabled controls, checkboxes and radios only when checked, a
    select without a choice with its first option, an option without a value with its text."""
    fields = {}
    for control in form.tag.find_all(["input", "select", "textarea"]):
        name = attr(control, "name")
        if not name or _disabled(control) or not used(control):
            continue
        value = _value(control)
        if value is not None:
            fields[name] = value
    return fields


def _disabled(control: Tag) -> bool:
    around = control.find_parents("fieldset")
    return any("disabled" in tag.attrs for tag in (control, *around))


def _value(control: Tag) -> str | None:
    """None: the browser leaves it out."""
    if control.name == "select":
        return _chosen(control)
    if control.name == "textarea":
        # A browser drops the line feed that directly follows the tag.
        return control.get_text().replace("\r\n", "\n").removeprefix("\n")
    kind = (attr(control, "type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return attr(control, "value") or "on" if "checked" in control.attrs else None
    return None if kind in _SILENT else attr(control, "value") or ""


def _chosen(select: Tag) -> str | None:
    options = [tag for tag in select.find_all("option") if "disabled" not in tag.attrs]
    chosen = [tag for tag in options if "selected" in tag.attrs]
    option = chosen[-1] if chosen else options[0] if options else None
    if option is None:
        return None
    value = attr(option, "value")
    return " ".join(option.get_text().split()) if value is None else value
