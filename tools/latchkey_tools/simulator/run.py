"""One command: starts the bench with all its parts, says where they listen, ends all of them within two seconds."""

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import uvicorn

from latchkey_tools.simulator.air import Air, open_air
from latchkey_tools.simulator.bench import Bench
from latchkey_tools.simulator.broker import Meeting, open_broker
from latchkey_tools.simulator.cloud import commands, open_cloud
from latchkey_tools.simulator.firmware import Firmware, FirmwareError, command, interpreter
from latchkey_tools.simulator.parts import open_reader
from latchkey_tools.simulator.phones import open_phones
from latchkey_tools.simulator.server import application
from latchkey_tools.simulator.settings import Settings, StartError, explained, settings
from latchkey_tools.simulator.usb import UsbCable

HOST = "127.0.0.1"


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Runs until Ctrl-C or SIGTERM. Gives the exit code; what prevents a start is said in one sentence."""
    try:
        asked = settings(environment)
        interpreter()
        if not asked.firmware.is_file():
            raise StartError(f"There is no firmware at {asked.firmware}: set FIRMWARE= to a main.py.")
        with _only_one(asked.state):
            asyncio.run(_run(asked))
    except (StartError, FirmwareError) as error:
        print(f"latchkey simulator: {error}", file=sys.stderr)
        return 2
    return 0


@contextlib.contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Two firmwares on one flash image would ruin it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(
                f"Another simulator uses {state}: end it, or give this one a folder of its own with STATE=."
            )
        yield


async def _run(asked: Settings) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    async with contextlib.AsyncExitStack() as stack:
        await _start(asked, stack, ended)
        await ended.wait()
        print("\nlatchkey simulator: ending.", flush=True)


async def _start(asked: Settings, stack: contextlib.AsyncExitStack, ended: asyncio.Event) -> None:
    """Starts part after part; what has been started is on the stack to be ended, the newest first.

    A task that ends by itself has failed: it ends everything, and its exception is raised when the stack unwinds.
    """
    reader = await open_reader(asked, stack)
    about: dict[str, object] = {"reader": reader.address}
    bench = Bench(reader, about)
    _log_into(bench, stack)
    with explained("the harness between firmware and car", "HARNESS_PORT", asked.harness_port):
        harness_port = await bench.harness.listen(HOST, asked.harness_port)
    stack.push_async_callback(bench.harness.close)
    usb = UsbCable(asked.usb_port, bench.harness.send)
    bench.harness.also = usb.tell
    with explained("the USB console", "USB_PORT", asked.usb_port):
        await usb.start()
    stack.push_async_callback(usb.stop)
    with explained("the web page", "PORT", asked.port):
        web = _listening_socket(asked.port)
    port = web.getsockname()[1]
    about.update(
        harness=f"{HOST}:{harness_port}", usb=usb.address, page=f"http://{HOST}:{port}/", state=str(asked.state)
    )

    air = await open_air(asked, stack)
    if air is not None:
        about["air"] = air.phones
    phones = open_phones(asked, air, bench.viewers.changed, stack)
    meeting = await open_broker(asked, stack, bench.viewers.changed, lambda text: _notice(bench, text))
    cloud = open_cloud(
        asked, meeting, air, lambda: str(about["page"]), bench.harness.send, bench.viewers.changed, stack
    )
    flash = asked.state / "flash"
    flash.mkdir(exist_ok=True)
    firmware = Firmware(
        lambda: command(asked.firmware, f"{HOST}:{harness_port}", reader.address, air.firmware if air else "", flash),
        bench.hear_log,
        bench.viewers.changed,
        bench.left,
    )
    bench.attach(firmware, lambda: _empty(flash), phones, cloud)

    server = _Server(
        uvicorn.Config(application(bench, port), log_level="warning", timeout_graceful_shutdown=1, ws="none")
    )
    serving = asyncio.create_task(server.serve(sockets=[web]))
    stack.push_async_callback(_end_server, server, serving, bench)
    while not server.started:
        await asyncio.sleep(0.01)
    for work in (bench.keep_time(), firmware.keep()):
        task = asyncio.create_task(work)
        task.add_done_callback(lambda done: ended.set())
        stack.push_async_callback(_end, task)
    _announce(bench, air, meeting, about)


def _notice(bench: Bench, text: str) -> None:
    bench.complain(text)
    print(f"  {text}", flush=True)


def _log_into(bench: Bench, stack: contextlib.AsyncExitStack) -> None:
    parts, handler = logging.getLogger("latchkey_tools"), _IntoLog(bench)
    parts.setLevel(logging.INFO)
    parts.addHandler(handler)
    parts.propagate = False  # libraries give the root a handler when they feel like it; the terminal is not for this
    stack.callback(parts.removeHandler, handler)


def _announce(bench: Bench, air: Air | None, meeting: Meeting, about: dict[str, object]) -> None:
    print(f"  PN532         {about['reader']}  ({bench.reader.kind})")
    for name, address in bench.reader.addresses().items():
        print(f"  {name:<13} {address}")
    if air is not None:
        print(f"  Bluetooth     {air.words}")
    print(f"  broker        {meeting.words}")
    print(f"  car harness   {about['harness']}")
    print(f"  USB console   {about['usb']}")
    print(f"  state         {about['state']}")
    if meeting.tools is not None:
        print("\n  A cloud key of your own, in another terminal:")
        for line in commands(meeting, str(about["page"]), ""):
            print(f"    {line}")
    print(f"\n  Open {about['page']}   (Ctrl-C ends everything)\n", flush=True)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _end_server(server: uvicorn.Server, serving: "asyncio.Task[None]", bench: Bench) -> None:
    bench.viewers.close()
    server.should_exit = True
    await serving


class _Server(uvicorn.Server):
    """Leaves the signals alone: they end the whole bench, not the page only."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listening_socket(port: int) -> socket.socket:
    web = socket.socket()
    web.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        web.bind((HOST, port))
    except OSError:
        web.close()
        raise
    return web


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


class _IntoLog(logging.Handler):
    """What the parts say (a virtual card came, a host connected) stands in the page's log beside the firmware's
    words."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench

    def emit(self, record: logging.LogRecord) -> None:
        self._bench.complain(record.getMessage())
