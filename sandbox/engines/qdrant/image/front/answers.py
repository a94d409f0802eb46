"""Answers in the form that Qdrant's clients read: {"result", "status", "time"}."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response


class RequestError(Exception):
    """An answer with an error status and a message for people."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class NotServed(RequestError):
    """What the server does and this stand-in does not."""

    def __init__(self, what: str):
        super().__init__(501, f"Not implemented: this stand-in does not serve {what}")


Handler = Callable[[Request], Awaitable[Any]]


def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Wraps what a handler returns, or raises, into an answer with the time that it took."""

    async def answer(request: Request) -> Response:
        began = time.perf_counter()
        try:
            result = await handler(request)
            status: Any = "ok"
            code = 200
        except RequestError as error:
            result, status, code = None, {"error": str(error)}, error.status
        except Exception as error:  # The engine raises plain exceptions with a message, for input that it refuses.
            result, status, code = None, {"error": f"Wrong input: {error}"}, 400
        body: dict[str, Any] = {"status": status, "time": time.perf_counter() - began}
        if code == 200:
            body["result"] = result
        return json_answer(body, code)

    return answer


def json_answer(body: Any, code: int = 200) -> Response:
    return Response(orjson.dumps(body, default=str), status_code=code, media_type="application/json")


async def json_body(request: Request) -> dict[str, Any]:
    """Body of a request; an absent one is empty."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, f"Format error in JSON body: {error}") from error
    if not isinstance(body, dict):
        raise RequestError(400, "Format error in JSON body: an object is expected")
    return body
