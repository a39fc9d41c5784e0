"""The description of the API, made from the code that serves it."""

from __future__ import annotations

from typing import Any, Final

from apiflask import APIFlask
from flask import Response, current_app, jsonify

from compliance.web.api.fields import CODE_PATTERN, TEMPLATE_PATTERN
from compliance.web.api.routing import SECURITY, Call, serve
from compliance.web.identity import API_PREFIX

_KEPT: Final = "aseptrail-openapi"

_DESCRIPTION: Final = (
    "Records of hygiene and sterilization: the same operations as the pages. Send a bearer token"
    " in `Authorization`. Refusals are problems of RFC 9457 with a stable `code`. Times are RFC"
    " 3339 with an offset. Lists are read page by page with `next_cursor`."
)

_PARTS: Final[dict[str, dict[str, Any]]] = {
    "session_id": {"type": "string", "format": "uuid"},
    "report_id": {"type": "string", "format": "uuid"},
    "cycle_id": {"type": "string", "format": "uuid"},
    "recall_id": {"type": "string", "format": "uuid"},
    "load_id": {"type": "string", "format": "uuid"},
    "lot_id": {"type": "string", "format": "uuid"},
    "erasure_id": {"type": "string", "format": "uuid"},
    "sterilizer": {"type": "string", "pattern": CODE_PATTERN},
    "device": {"type": "string", "pattern": CODE_PATTERN},
    "pack": {"type": "string", "pattern": CODE_PATTERN},
    "code": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,60}$"},
    "template": {"type": "string", "pattern": TEMPLATE_PATTERN},
    "number": {"type": "integer", "minimum": 1, "maximum": 999},
}
"""What the parts of the paths look like; the converters of `routing` enforce it."""


def configure_description(app: APIFlask) -> None:
    """Tell APIFlask what it cannot see in the views."""
    app.title = "Aseptrail"
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION=_DESCRIPTION,
        SERVERS=[{"url": "/"}],
        SECURITY_SCHEMES={SECURITY: {"type": "http", "scheme": "bearer"}},
        # Every refusal is declared with its call, in the shape of problems.
        AUTO_404_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
    )
    app.spec_processor(_finish)


def _finish(spec: Any) -> Any:
    spec["paths"] = {
        path: operations
        for path, operations in sorted(spec["paths"].items())
        if path.startswith(API_PREFIX + "/")
    }
    schemas = spec["components"]["schemas"]
    for operations in spec["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["schema"] = _PARTS[parameter["name"]]
            if "requestBody" in operation:
                operation["requestBody"]["required"] = _is_required(operation, schemas)
    return spec


def _is_required(operation: dict[str, Any], schemas: dict[str, Any]) -> bool:
    (content,) = operation["requestBody"]["content"].values()
    name = content["schema"]["$ref"].rpartition("/")[2]
    return bool(schemas[name].get("required"))


def read_description() -> dict[str, Any]:
    """The OpenAPI document; made once, since the code does not change while it runs."""
    kept = current_app.extensions.get(_KEPT)
    if kept is None:
        # The app is an APIFlask; Flask's own type does not know it.
        kept = current_app.spec  # type: ignore[attr-defined]
        current_app.extensions[_KEPT] = kept
    description: dict[str, Any] = kept
    return description


@serve(
    "GET",
    "/openapi.json",
    Call(needs=None, gives={"type": "object"}, tag="This description"),
)
def get_openapi() -> Response:
    """Read this description, as OpenAPI 3.1"""
    return jsonify(read_description())
