"""A real broker, Debian's Mosquitto, on a free port of the loopback for as long as a test lasts.

with mosquitto(folder, certificates=made) as broker:        # TLS, clients must show a certificate
with mosquitto(folder, psk=("name", "00112233…")) as broker:
with mosquitto(folder) as broker:                            # plain
    broker.port; broker.freeze(); broker.thaw(); broker.stop(); broker.start()
"""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

MISSING = "there is no Mosquitto. On Debian and Ubuntu: apt install mosquitto"
_START_S = 10.0


def program():
    """Path of Mosquitto, "" where there is none; /usr/sbin is not on everybody's PATH."""
    return (
        shutil.which("mosquitto")
        or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
        or ""
    )


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Mosquitto:
    """port: where it listens. log: the path of what it says."""

    def __init__(self, folder, certificates=None, demands_client=True, psk=None, settings=()):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log = self.folder / "mosquitto.log"
        self._process = None
        lines = ["user root", "persistence false", "allow_anonymous true", "set_tcp_nodelay true", *settings]
        lines.append(f"listener {self.port} 127.0.0.1")
        if certificates:
            lines += [f"cafile {certificates.pem('ca')}", f"certfile {certificates.pem('broker')}"]
            lines += [f"keyfile {certificates.pem('broker.key')}", f"require_certificate {str(demands_client).lower()}"]
        if psk:
            keys = self.folder / "psk.txt"
            keys.write_text(":".join(psk) + "\n")
            lines += ["psk_hint latchkey", f"psk_file {keys}"]
        self._settings = self.folder / "mosquitto.conf"
        self._settings.write_text("\n".join(lines) + "\n")

    def start(self):
        """Start, and wait until it listens."""
        if not program():
            raise RuntimeError(MISSING)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([program(), "-v", "-c", str(self._settings)], stdout=log, stderr=log)
        until = time.monotonic() + _START_S
        while time.monotonic() < until and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        self.stop()
        raise RuntimeError("Mosquitto did not start: " + self.log.read_text())

    def freeze(self):
        """Half-open: connections stand, and nobody is behind them."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def stop(self, number=signal.SIGKILL):
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def mosquitto(folder, **options):
    """One that runs, and is ended whatever happens."""
    broker = Mosquitto(folder, **options)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
