"""Starts the hostile broker beside a test, or beside a drill, and tells it what to do while it runs.

with hostile_broker(certificates) as broker:      # without certificates: no TLS
    broker.change("flood", rate=2_000, size=200)
    broker.counts()["connects"]
"""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from latchkey_tools.outage.certificates import Certificates
from latchkey_tools.simulator.firmware import ROOT

_ANSWER_S = 20.0


class HostileProcess:
    """port: where it listens, also after it has refused for a while."""

    def __init__(self, certificates: Certificates | None = None, port: int = 0) -> None:
        words = [sys.executable, "-m", "latchkey_tools.outage.hostile_broker", str(port)]
        if certificates is not None:
            words.append(str(certificates.folder))
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
        )
        self.port: int = self._answer()["port"]

    def change(self, mode: str, **options: Any) -> Any:
        """See MODES in hostile_broker.py. Holds for connections there are, and for those to come."""
        return self._order({"mode": mode, **options})

    def publish(self, topic: str, payload: bytes, **flags: Any) -> Any:
        """A packet to everybody who is connected; flags: qos, retain, dup, packet_id."""
        return self._order({"publish": topic, "payload": payload.hex(), **flags})

    def counts(self) -> Any:
        return self._order({})

    def seen(self) -> Any:
        """[topic, flags] of every publish that has come."""
        return self._order({"seen": True})

    def stop(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None  # PIPE was asked for
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _order(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None  # PIPE was asked for
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None  # PIPE was asked for
        if not select.select([self._process.stdout], [], [], _ANSWER_S)[0]:
            raise TimeoutError("the hostile broker does not answer")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the hostile broker has ended")
        return json.loads(line)


@contextlib.contextmanager
def hostile_broker(certificates: Certificates | None = None, port: int = 0) -> Iterator[HostileProcess]:
    broker = HostileProcess(certificates, port)
    try:
        yield broker
    finally:
        broker.stop()
