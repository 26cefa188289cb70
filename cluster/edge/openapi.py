"""OpenAPI 3.1, made from the operations and the very types that validate: it cannot say what they do not do."""

import inspect
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from cluster.edge import problems
from cluster.edge.answer import JSON
from cluster.edge.operation import Operation
from cluster.edge.problems import Problem

Schema = dict[str, Any]

_DESCRIPTION = """Every promise is kept in PostgreSQL: a task is scheduled when the answer says so.

Live events are at GET /api/logs/stream as server-sent events, which OpenAPI cannot describe: the backlog first, each
with an id to resume from (Last-Event-ID), the data as in GET /api/logs.

Requests with a foreign Origin, or while the edge listens on loopback only a foreign Host, are refused with 403."""
_EVERYWHERE = (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNPROCESSABLE_ENTITY)
_WITH_BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_NEVER_WANTED = (HTTPStatus.INTERNAL_SERVER_ERROR,)
_MEANING = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON",
    HTTPStatus.FORBIDDEN: "A foreign Origin or Host",
    HTTPStatus.NOT_FOUND: "There is no such thing",
    HTTPStatus.METHOD_NOT_ALLOWED: "Another method is meant; Allow says which",
    HTTPStatus.CONFLICT: "It cannot be; the detail says why",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Larger than it may be: the body 1 MiB, a payload 256 KiB, an answer 4 MiB",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not declared as application/json",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field or parameter is missing, unknown or out of its bounds",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Our fault; the log of the edge says more",
    HTTPStatus.SERVICE_UNAVAILABLE: "Something that is needed does not answer; try again after Retry-After seconds",
}


def describe(operations: Iterable[Operation], version: str) -> Schema:
    """The document."""
    operations = list(operations)
    types = _types(operations)
    references, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for component in components.values():
        if "description" in component:
            # A docstring: Python 3.13 takes its indentation away, the others leave it.
            component["description"] = inspect.cleandoc(component["description"])
    schemas = dict(zip(types, references, strict=True))
    paths: dict[str, Schema] = {}
    for operation in operations:
        for path in (operation.path, *operation.aliases):
            paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, path, schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "TaskMaster", "version": version, "description": _DESCRIPTION},
        "paths": paths,
        "components": {"schemas": components},
    }


def _types(operations: Iterable[Operation]) -> list[Any]:
    mentioned: list[Any] = [Problem]
    for operation in operations:
        mentioned.extend(operation.takes)
        mentioned.extend(kind for kind in operation.returns.values() if not isinstance(kind, str))
    # Not a set: lists of types have an order of mention, and the document shall not change from start to start.
    return [kind for index, kind in enumerate(mentioned) if kind not in mentioned[:index]]


def _operation(operation: Operation, path: str, schemas: Mapping[Any, Schema], components: Mapping[str, Any]) -> Schema:
    name = (operation.method.lower() + path).replace("/", "_").replace("{", "").replace("}", "")
    described: Schema = {"operationId": name, "summary": operation.summary, "responses": _responses(operation, schemas)}
    if operation.description:
        described["description"] = operation.description
    if operation.has_body:
        kinds = [schemas[kind] for kind in operation.takes]
        schema = kinds[0] if len(kinds) == 1 else {"oneOf": kinds}
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    elif parameters := _parameters(operation.takes[0], path, components):
        described["parameters"] = parameters
    return described


def _parameters(kind: type[Struct], path: str, components: Mapping[str, Any]) -> list[Schema]:
    schema = components[kind.__name__]
    return [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in path else "query",
            "required": name in schema["required"],
            "schema": value,
        }
        for name, value in schema["properties"].items()
    ]


def _responses(operation: Operation, schemas: Mapping[Any, Schema]) -> Schema:
    told = {
        str(status.value): {"description": status.phrase, "content": _content(kind, schemas)}
        for status, kind in operation.returns.items()
    }
    refusals = {*_EVERYWHERE, *_NEVER_WANTED, *operation.refusals, *(_WITH_BODY if operation.method == "POST" else ())}
    if operation.store:
        refusals.add(HTTPStatus.SERVICE_UNAVAILABLE)
    for status in sorted(refusals):
        content = {problems.MEDIA_TYPE: {"schema": schemas[Problem]}}
        told[str(status.value)] = {"description": _MEANING[status], "content": content}
    return told


def _content(kind: Any, schemas: Mapping[Any, Schema]) -> Schema:
    if isinstance(kind, str):
        return {kind: {"schema": {"type": "string"}}}
    return {JSON: {"schema": schemas[kind]}}
