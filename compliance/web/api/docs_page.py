"""The description of the API as a page for people, made from the same document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template

from compliance.web.api.describing import read_description
from compliance.web.context import page_values

blueprint = Blueprint("api_docs", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """A parameter or a field of a body."""

    name: str
    place: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutline:
    """One call as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: tuple[str, ...]
    access: str
    fields: tuple[FieldLine, ...]
    example: str
    answers: tuple[tuple[str, str, str], ...]
    """Status, meaning, and the name of the shape where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeOutline:
    """One schema as the page shows it."""

    name: str
    words: str
    fields: tuple[FieldLine, ...]


@blueprint.get("/api/docs")
def show_docs() -> str:
    spec = read_description()
    groups: dict[str, list[CallOutline]] = {}
    for call, tag in _calls(spec):
        groups.setdefault(tag, []).append(call)
    return render_template(
        "api/docs.html",
        page=page_values("API"),
        lead=spec["info"]["description"].replace("`", ""),
        groups=groups,
        shapes=[_shape(name, shape) for name, shape in spec["components"]["schemas"].items()],
    )


def _calls(spec: Mapping[str, Any]) -> Iterator[tuple[CallOutline, str]]:
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            yield _call(spec, method.upper(), path, operation), operation["tags"][0]


def _call(
    spec: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]
) -> CallOutline:
    fields = [_parameter(each) for each in operation.get("parameters", ())]
    example = ""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = _name_of(content["schema"])
        fields.extend(_fields(spec["components"]["schemas"][name], "body"))
        if "example" in content:
            example = json.dumps(content["example"], indent=2, ensure_ascii=False)
    text = operation.get("description", "").replace("`", "")
    return CallOutline(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"].replace("`", ""),
        description=tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip()),
        access=_access(operation),
        fields=tuple(fields),
        example=example,
        answers=tuple(_answer(status, each) for status, each in operation["responses"].items()),
    )


def _access(operation: Mapping[str, Any]) -> str:
    if "x-needs" not in operation:
        return "Anyone; no account is needed."
    scopes = " and ".join(operation["x-scopes"])
    act = operation["x-needs"].replace("_", " ")
    return f"A token with the scope {scopes}, of a person whose role includes: {act}."


def _parameter(parameter: Mapping[str, Any]) -> FieldLine:
    schema = parameter["schema"]
    return FieldLine(
        name=parameter["name"],
        place=parameter["in"],
        kind=_kind(schema),
        required=bool(parameter.get("required")),
        words=_words({**schema, **parameter}),
    )


def _fields(schema: Mapping[str, Any], place: str) -> Iterator[FieldLine]:
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        yield FieldLine(
            name=name,
            place=place,
            kind=_kind(inner),
            required=name in required,
            words=_words(inner),
        )


def _words(schema: Mapping[str, Any]) -> str:
    """What is said about a value, and its limits."""
    parts = [str(schema["description"]).replace("`", "")] if "description" in schema else []
    if "enum" in schema:
        parts.append("One of " + ", ".join(map(str, schema["enum"])) + ".")
    if "maxLength" in schema:
        parts.append(f"{schema.get('minLength', 0)} to {schema['maxLength']} characters.")
    if "maximum" in schema:
        parts.append(f"{schema.get('minimum', 0)} to {schema['maximum']}.")
    return " ".join(parts)


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _name_of(schema)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_kind(each) for each in schema[key]))
    kind = schema.get("type", "any value")
    words = [kind] if isinstance(kind, str) else list(kind)
    if "array" in words:
        words[words.index("array")] = f"list of {_kind(schema.get('items', {}))}"
    if "format" in schema:
        words[0] = str(schema["format"])
    return " or ".join(words)


def _name_of(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _answer(status: str, response: Mapping[str, Any]) -> tuple[str, str, str]:
    shape = ""
    for content in response.get("content", {}).values():
        if "$ref" in content.get("schema", {}):
            shape = _name_of(content["schema"])
    return status, str(response["description"]).replace("`", ""), shape


def _shape(name: str, schema: Mapping[str, Any]) -> ShapeOutline:
    return ShapeOutline(
        name=name,
        words=str(schema.get("description", "")),
        fields=tuple(_fields(schema, "")),
    )
