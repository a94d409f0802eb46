"""Answers in the form that Qdrant's clients read: {"result", "status", "time"}."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
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


# One node, where a write is done before it is answered: these change nothing.
QUERY_PARAMETERS = {"wait", "ordering", "consistency", "timeout"}


def require_known(body: Any, known: Iterable[str], what: str, same: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """The fields of a part of a request, if it has no others: what is not served is refused and never dropped.

    Those of `same` may stand there with that value alone, which is what the stand-in has anyway. None is as good as absent.
    """
    if not isinstance(body, dict):
        raise RequestError(400, f"Format error in JSON body: {what} must be an object")
    unknown = [
        name
        for name, value in body.items()
        if value is not None and name not in known and not (name in same and value == same[name])
    ]
    if unknown:
        raise NotServed(f"`{'`, `'.join(unknown)}` of {what}")
    return {name: value for name, value in body.items() if value is not None}


Handler = Callable[[Request], Awaitable[Any]]


def endpoint(
    handler: Handler, parameters: Iterable[str] = (), seen: Callable[[Request, int, float], None] = lambda *_: None
) -> Callable[[Request], Awaitable[Response]]:
    """Wraps what a handler returns, or raises, into an answer with the time that it took.

    `parameters` are those of its address beside the ones that every request may have. `seen` is told of each answer: its
    status, and the seconds that it took.
    """

    async def answer(request: Request) -> Response:
        began = time.perf_counter()
        try:
            require_known(dict(request.query_params), {*QUERY_PARAMETERS, *parameters}, "an address")
            result = await handler(request)
            status: Any = "ok"
            code = 200
        except RequestError as error:
            result, status, code = None, {"error": str(error)}, error.status
        except Exception as error:  # The engine raises plain exceptions with a message, for input that it refuses.
            result, status, code = None, {"error": f"Wrong input: {error}"}, 400
        seconds = time.perf_counter() - began
        seen(request, code, seconds)
        body: dict[str, Any] = {"status": status, "time": seconds}
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
