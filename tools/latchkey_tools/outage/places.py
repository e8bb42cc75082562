"""Where the controller is sent: Mosquitto through a way that can be broken, or directly; a hostile broker; by name.

All of it on the loopback, on ports of the system's choosing. Each `…_settings` is what the controller is to be told.
"""

import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from latchkey_tools.cloud.broker import Broker
from latchkey_tools.outage.certificates import Certificates
from latchkey_tools.outage.hostile_process import HostileProcess, hostile_broker
from latchkey_tools.outage.name_server import NameServer, name_server
from latchkey_tools.simulator import broker_process, certificates
from latchkey_tools.simulator.broker_process import HOST, BrokerError, BrokerProcess
from latchkey_tools.simulator.cloud_faults import FaultProxy

_FOLDERS = ("mosquitto", "hostile")


class Places:
    """mosquitto, proxy in front of it; hostile with TLS, plain without; names: a name server."""

    def __init__(
        self,
        mosquitto: BrokerProcess,
        proxy: FaultProxy,
        made: certificates.Certificates,
        hostile: HostileProcess,
        plain: HostileProcess,
        others: Certificates,
        names: NameServer,
    ) -> None:
        self.mosquitto = mosquitto
        self.proxy = proxy
        self.hostile = hostile
        self.plain = plain
        self.names = names
        self._made = made
        self._others = others

    @property
    def home(self) -> dict[str, str]:
        """Mosquitto, through the proxy."""
        return self._mosquitto(HOST, self.proxy.port)

    @property
    def direct(self) -> dict[str, str]:
        """Mosquitto itself."""
        return self._mosquitto(HOST, self.mosquitto.port)

    @property
    def by_name(self) -> dict[str, str]:
        """Mosquitto through the proxy, its address to be asked for."""
        return {"dns": HOST, **self._mosquitto("localhost", self.proxy.port)}

    @property
    def enemy(self) -> dict[str, str]:
        """The hostile broker, with TLS."""
        der = {name: _base64(self._others.bytes(file)) for name, file in _DER.items()}
        return {**der, "broker": f"mqtts://{HOST}:{self.hostile.port}"}

    @property
    def plain_enemy(self) -> dict[str, str]:
        return {"broker": f"mqtt://{HOST}:{self.plain.port}"}

    @property
    def tools(self) -> Broker:
        """For a cloud key."""
        paths = self._made.pem(certificates.CA), self._made.pem(certificates.TOOLS), self._made.key(certificates.TOOLS)
        return Broker(HOST, self.mosquitto.port, True, *(str(path) for path in paths))

    def _mosquitto(self, host: str, port: int) -> dict[str, str]:
        made = self._made
        return {
            "ca": _base64(certificates.der_of(made.pem(certificates.CA))),
            "certificate": _base64(certificates.der_of(made.pem(certificates.CAR))),
            "key": _base64(certificates.der_of_key(made.key(certificates.CAR))),
            "reconnect_percent": "1",
            "broker": f"mqtts://{host}:{port}",
        }


_DER = {"ca": "ca", "certificate": "client", "key": "client.key"}


@contextlib.asynccontextmanager
async def places(folder: Path) -> AsyncIterator[Places]:
    """folder: for certificates and settings. Raises BrokerError, OSError."""
    if not broker_process.mosquitto():
        raise BrokerError(broker_process.MISSING)
    near, far = (folder / name for name in _FOLDERS)
    made, others = certificates.Certificates(near), Certificates(far)
    mosquitto = BrokerProcess(broker_process.MOSQUITTO, made, near, lambda: None, lambda text: None)
    with hostile_broker(others) as hostile, hostile_broker() as plain, name_server() as names:
        try:
            await mosquitto.start(broker_process.free_port(0))
            proxy = FaultProxy(HOST, mosquitto.port)
            await proxy.listen(0)
            try:
                yield Places(mosquitto, proxy, made, hostile, plain, others, names)
            finally:
                await proxy.close()
        finally:
            await mosquitto.stop()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
