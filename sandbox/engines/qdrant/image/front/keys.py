"""The keys of the API: one for everything, and one that only reads."""

import hmac
import re

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .answers import json_answer

# Answered without a key, as the server does.
OPEN_PATHS = {"/healthz", "/livez", "/readyz"}

# Requests that read points, by their paths; the method of each is POST.
READING = re.compile(r"/collections/[^/]+/points(/(scroll|count|query|query/batch|search|search/batch))?")


class ApiKeys:
    """Refuses requests that carry no key, or the one for reading where they would write.

    That one opens fewer requests than the server's: no snapshot, which is all of a collection at once. Where it is the only
    key, nobody writes.
    """

    def __init__(self, app: ASGIApp, key: str | None, reading: str | None):
        self.app = app
        self.key = None if key is None else key.encode()
        self.reading = None if reading is None else reading.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = None if scope["type"] != "http" or scope["path"] in OPEN_PATHS else self.refusal(scope)
        await (refused or self.app)(scope, receive, send)

    def refusal(self, scope: Scope) -> Response | None:
        headers = dict(scope["headers"])
        given = headers.get(b"api-key") or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if self.key is not None and hmac.compare_digest(given, self.key):
            return None
        if self.reading is None or not hmac.compare_digest(given, self.reading):
            return PlainTextResponse("Must provide an API key or an Authorization bearer token", 401)
        if reads(scope["method"], scope["path"]):
            return None
        return json_answer({"status": {"error": "Forbidden: Global write access is required"}, "time": 0.0}, 403)


def reads(method: str, path: str) -> bool:
    return "/snapshots" not in path if method == "GET" else method == "POST" and READING.fullmatch(path) is not None
