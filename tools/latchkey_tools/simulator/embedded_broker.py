"""A broker from PyPI, for computers without Mosquitto: `python -m latchkey_tools.simulator.embedded_broker PORT DIR`.

amqtt speaks what is needed here: TLS with client certificates, QoS 1, retained messages, last wills. It does not watch
keep-alive, so of a car that is there no more without having hung up it never says that it is away. It is a process of
its own: a flood through it shall not slow down the reader and the car, which live in the simulator's.
"""

import asyncio
import logging
import sys
from pathlib import Path

from amqtt.broker import Broker

from latchkey_tools.simulator.certificates import BROKER, CA, Certificates


async def serve(port: int, certificates: Certificates) -> None:
    """Until cancelled."""
    listener = {
        "type": "tcp",
        "bind": f"127.0.0.1:{port}",
        "ssl": True,
        "cafile": str(certificates.pem(CA)),
        "certfile": str(certificates.pem(BROKER)),
        "keyfile": str(certificates.key(BROKER)),
    }
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = Broker({"listeners": {"default": listener}, "plugins": plugins})
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable(logging.ERROR)  # it has a line, or ten, for everybody who comes and goes
    asyncio.run(serve(int(sys.argv[1]), Certificates(Path(sys.argv[2]))))
