"""Bodies as JSON: read by msgspec, which refuses what is no JSON (NaN, lone surrogates) and bounds nesting."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute


class JsonRequest(Request):
    """A request whose body is JSON and nothing else."""

    async def json(self) -> Any:
        """Raises json.JSONDecodeError, as the framework expects."""
        body = await self.body()
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            reason = str(error).split("\n", 1)[0]
            raise json.JSONDecodeError(reason, "", 0) from None


class JsonRoute(APIRoute):
    """A route of such requests."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(JsonRequest(request.scope, request.receive))

        return handle
