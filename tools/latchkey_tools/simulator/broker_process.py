"""The broker as a process of its own: Mosquitto where it is installed, else the embedded one.

Started on a port of the loopback, watched, and started again when it ends; on Linux it dies with this program. Its
settings are those of a small private broker: certificates on both sides, nothing kept on disk, and little memory for
whoever does not fetch what was sent to it.
"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from latchkey_tools.simulator.certificates import BROKER, CA, Certificates
from latchkey_tools.simulator.firmware import ROOT, dies_with

HOST = "127.0.0.1"
MOSQUITTO, EMBEDDED = "Mosquitto", "amqtt"
MISSING = "There is no broker: install Mosquitto (on Debian and Ubuntu: apt install mosquitto) and start again."
_SBIN = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"  # not on everybody's PATH
_START_S = 10.0
_END_S = 2.0
_PAUSE_S = 1.0
_SETTINGS = """\
user root
persistence false
allow_anonymous true
require_certificate true
set_tcp_nodelay true
max_queued_messages 100
max_queued_bytes 65536
max_packet_size 65536
log_type error
log_type warning
cafile {ca}
certfile {certificate}
keyfile {key}
"""  # user: as root it would drop to a user who cannot read the key. nodelay: else each QoS 1 exchange costs 43 ms.


class BrokerError(Exception):
    """The broker did not start; the message is its last word."""


def kind() -> str:
    """Which broker this computer has: MOSQUITTO, EMBEDDED, or "" for none."""
    if mosquitto():
        return MOSQUITTO
    return EMBEDDED if importlib.util.find_spec("amqtt") else ""


def mosquitto() -> str:
    """Path of Mosquitto, "" where there is none."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=_SBIN) or ""


class BrokerProcess:
    """kind: which one. `port`: where it listens. `running`. `changed()`: called when that has changed; `log(text)`."""

    def __init__(
        self,
        kind: str,
        certificates: Certificates,
        folder: Path,
        changed: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        self.kind = kind
        self.port = 0
        self.running = False
        self._certificates = certificates
        self._folder = folder
        self._changed = changed
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._words: deque[str] = deque(maxlen=5)

    async def start(self, port: int) -> None:
        """Listen on a port that is free, and go on whatever happens to the process. Raises BrokerError."""
        self.port = port
        await self._launch()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._end()

    def signal(self, number: int) -> None:
        """Send it a signal: SIGSTOP leaves its connections half-open, after SIGKILL it is started again."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def is_stopped(self) -> bool:
        """By SIGSTOP. Linux, proc(5): the state stands behind the name in brackets."""
        if self._process is None:
            return False
        return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    async def _keep(self) -> None:
        while True:
            if self._process is not None:
                code = await self._until_it_ends(self._process)
                self._say(False)
                self._log(f"The broker ended (exit code {code}) and is started again.")
            await asyncio.sleep(_PAUSE_S)
            with contextlib.suppress(BrokerError):
                await self._launch()

    async def _launch(self) -> None:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command(),
            env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},  # for the embedded one
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=dies_with() if sys.platform == "linux" else None,
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while process.returncode is None and not await self._listens():
                    await asyncio.sleep(0.02)
                if process.returncode is None:
                    self._say(True)
                    return
        await self._end()
        await self._until_it_ends(process)
        raise BrokerError(self._words[-1] if self._words else "it does not listen")

    async def _until_it_ends(self, process: asyncio.subprocess.Process) -> int:
        assert process.stderr is not None  # PIPE was asked for
        async for line in process.stderr:
            self._words.append(line.decode("utf-8", "replace").strip()[:200])
        return await process.wait()

    def _command(self) -> Sequence[str]:
        if self.kind == EMBEDDED:
            return sys.executable, "-m", "latchkey_tools.simulator.embedded_broker", str(self.port), str(self._folder)
        paths = {"ca": CA, "certificate": BROKER}
        words = {name: str(self._certificates.pem(of)) for name, of in paths.items()}
        settings = self._folder / "mosquitto.conf"
        text = _SETTINGS.format(key=self._certificates.key(BROKER), **words)
        # Mosquitto wants the listener first: what follows it, certificates for one, belongs to it.
        settings.write_text(f"listener {self.port} {HOST}\n{text}")
        return mosquitto(), "-c", str(settings)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_END_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _say(self, running: bool) -> None:
        self.running = running
        self._changed()


def free_port(wanted: int) -> int:
    """The port that is wanted, or another one where it is taken. Raises OSError where there is none at all."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                probe.listen(1)  # a port that somebody else listens on can still be bound to, it seems, on some systems
                return int(probe.getsockname()[1])
            except OSError:
                if not port:
                    raise
    raise OSError
