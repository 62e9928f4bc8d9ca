"""Reading a template."""

from __future__ import annotations

from typing import Any

Template = dict[str, Any]


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Logical id -> properties of the resources of a type, such as `Lambda::Function`."""
    resources = template["Resources"].items()
    return {name: item["Properties"] for name, item in resources if item["Type"] == f"AWS::{kind}"}


def one(template: Template, kind: str) -> dict[str, Any]:
    """The properties of the only resource of a type."""
    (found,) = of_type(template, kind).values()
    return found


def properties(template: Template, name: str) -> dict[str, Any]:
    """Those of a resource."""
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def flat(value: Any) -> str:
    """A text with its references in braces."""
    if isinstance(value, str):
        return value
    ((function, inner),) = value.items()
    if function == "Fn::Join":
        return str(inner[0]).join(flat(part) for part in inner[1])
    if function == "Ref":
        return f"{{{inner}}}"
    return f"{{{'.'.join(inner)}}}" if isinstance(inner, list) and all(isinstance(i, str) for i in inner) else "{?}"
