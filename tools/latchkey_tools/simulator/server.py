"""The page and its API over HTTP, for the person at this computer only.

  GET  /api/state    everything the page shows
  GET  /api/log      the last lines of the firmware and of the parts around it
  GET  /api/events   the same as server-sent events: state (whole, newest counts), signal, log
  POST /api/car      button, doors, ignition, speed, supply, crash, jam, hand, close (trunk, frunk, charge_port), unplug
  POST /api/faults   reader, power_cut, power, cloud (ok, down, half-open, slow, garbage, reset, flood)
  POST /api/card     put, take_away, tap, make
  POST /api/phone    name, do (pair, unlock, lock, drive, trunk, frunk, charge_port, remove, stop), range, which
  POST /api/cloud    do (enrol, lock, unlock, status, stop), remote, remote_unlock
  POST /api/keys     revoke, suspend, admit, guest and hours, time
  POST /api/reset    confirm: "erase everything"
  GET  /phone/       the phone key, as any web server could serve it

An order answers with the state after it; a refused one with 4xx and {"error": sentence}. Any web site a browser visits
can send requests to 127.0.0.1, so a request must name this host (no DNS rebinding), come from this page or from no page
at all (Origin, Sec-Fetch-Site), and an order must be JSON (no form can send that unasked). It does not protect against
other programs and users of the same computer.
"""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from latchkey_tools.simulator import orders
from latchkey_tools.simulator.bench import Bench
from latchkey_tools.simulator.orders import Order, OrderError

PAGE = Path(__file__).parent / "page"
PHONE_PAGE = Path(__file__).parent.parent / "phone_page"
_BODY_LIMIT = 4_096
_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


def application(bench: Bench, port: int) -> ASGIApp:
    """The ASGI application; port: the one it is reached at, which every Host and Origin must name."""

    async def state(request: Request) -> Response:
        return JSONResponse(bench.snapshot())

    async def log(request: Request) -> Response:
        return JSONResponse(list(bench.log))

    async def phone(request: Request) -> Response:
        return RedirectResponse("/phone/")

    async def events(request: Request) -> Response:
        if bench.viewers.full:
            raise HTTPException(503, "Too many pages are open at once.")
        return StreamingResponse(_stream(bench), media_type="text/event-stream")

    def order(path: str, check: Callable[[object], Order], apply: Callable[[Order], object]) -> Route:
        async def handle(request: Request) -> Response:
            apply(check(await _body(request)))
            return JSONResponse(bench.snapshot())

        return Route(path, handle, methods=["POST"])

    routes = [
        Route("/api/state", state),
        Route("/api/log", log),
        Route("/api/events", events),
        order("/api/car", orders.car, bench.order_car),
        order("/api/faults", orders.faults, bench.order_faults),
        order("/api/card", orders.card, bench.order_card),
        order("/api/phone", orders.phone, bench.order_phone),
        order("/api/cloud", orders.cloud, bench.order_cloud),
        order("/api/keys", orders.keys, bench.order_keys),
        order("/api/reset", orders.reset, lambda body: bench.order_reset()),
        Route("/phone", phone),
        Mount("/phone", StaticFiles(directory=PHONE_PAGE, html=True)),
        Mount("/", StaticFiles(directory=PAGE, html=True)),
    ]
    handlers = {OrderError: _order_error, HTTPException: _http_error}
    return _OwnPageOnly(Starlette(routes=routes, exception_handlers=handlers), port)


async def _body(request: Request) -> object:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise OrderError("Send the order as application/json.", 415)
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > _BODY_LIMIT:
                raise OrderError(f"An order has at most {_BODY_LIMIT} bytes.", 413)
        return json.loads(body)
    except ClientDisconnect:
        raise OrderError("The order was not sent to its end.")
    except (ValueError, RecursionError):
        raise OrderError("The body is not JSON.")


async def _stream(bench: Bench) -> AsyncIterator[str]:
    yield _event("log", list(bench.log))
    async for kind, data in bench.viewers.watch():
        yield _event(kind, data) if kind else ": still here\n\n"


def _event(kind: str, data: object) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


async def _order_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OrderError)
    return JSONResponse({"error": str(error)}, error.status)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


class _OwnPageOnly:
    """Turns away what names another host or comes from another site, and adds the headers that every answer has."""

    def __init__(self, inner: ASGIApp, port: int) -> None:
        self._inner = inner
        self._hosts = {f"{host}:{port}" for host in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def send_with_headers(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]  # type: ignore[misc]
            await send(message)

        problem = self._problem(dict(scope["headers"]), scope["path"])
        answer = JSONResponse({"error": problem}, 403) if problem else self._inner
        await answer(scope, receive, send_with_headers)  # type: ignore[arg-type]

    def _problem(self, headers: dict[bytes, bytes], path: str) -> str:
        if headers.get(b"host", b"").decode("latin-1").lower() not in self._hosts:
            return "This host name is not the simulator's."
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if origin and origin not in {f"http://{host}" for host in self._hosts}:
            return "Requests of other web sites are refused."
        # A link to the page itself may stand anywhere; the API is for the page alone.
        elsewhere = headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin")
        if elsewhere and path.startswith("/api/"):
            return "Requests of other web sites are refused."
        return ""
