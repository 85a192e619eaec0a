"""The OpenAPI document: made of the routes, and of what nodes ask, which goes another way through the program."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from runtime.bundles.report import MAX_REPORT_BYTES
from runtime.console.api.problems import documented
from runtime.console.api.shapes.base import Problem
from runtime.console.sync.waiting import MAX_WAIT_S

VERSION: Final = "1"
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_MSGPACK: Final = {"application/msgpack": _BINARY}
_NODE_ID: Final = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": r"^[\w.-]{1,128}$"},
}
_NODE_ERRORS: Final = (
    "bad-request",
    "unauthorized",
    "forbidden",
    "not-found",
    "conflict",
    "too-large",
    "unsupported-type",
    "invalid",
    "too-many",
    "store-unavailable",
)
_NODES: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/nodes/{id}/manifest": {
        "get": {
            "tags": ["sync"],
            "summary": "Manifest",
            "operationId": "manifest",
            "description": "The signed manifest if it is newer than `generation`, at once or within `wait` seconds.",
            "security": [{"token": []}],
            "parameters": [
                _NODE_ID,
                {
                    "name": "generation",
                    "in": "query",
                    "schema": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1, "default": 0},
                },
                {
                    "name": "wait",
                    "in": "query",
                    "schema": {"type": "number", "minimum": 0, "maximum": MAX_WAIT_S, "default": 0},
                },
            ],
            "responses": {
                "200": {"description": "A newer manifest.", "content": _MSGPACK},
                "204": {"description": "None came in time."},
            },
        }
    },
    "/api/v1/blobs/{sha256}": {
        "get": {
            "tags": ["sync"],
            "summary": "Blob",
            "operationId": "blob",
            "description": "Sealed bytes by their digest; they never change, and any cache may keep them.",
            "security": [],
            "parameters": [
                {
                    "name": "sha256",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                }
            ],
            "responses": {
                "200": {"description": "The blob.", "content": {"application/octet-stream": _BINARY}}
            },
        }
    },
    "/api/v1/nodes/{id}/report": {
        "post": {
            "tags": ["sync"],
            "summary": "Report",
            "operationId": "report",
            "description": f"What a node serves, counted and logged; at most {MAX_REPORT_BYTES} bytes.",
            "security": [{"token": []}],
            "parameters": [_NODE_ID],
            "requestBody": {"required": True, "content": _MSGPACK},
            "responses": {
                "200": {"description": "When to report again, and which logs are read.", "content": _MSGPACK}
            },
        }
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document."""
    made = get_openapi(
        title="EdgeScript console",
        version=VERSION,
        description="Domains, scripts, versions, rollouts, and the nodes that follow them.",
        routes=app.routes,
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    errors = {str(status): text for status, text in documented(*_NODE_ERRORS).items()}
    for path, operations in _NODES.items():
        made["paths"][path] = {
            method: {**operation, "responses": {**operation["responses"], **errors}}
            for method, operation in operations.items()
        }
    return made
