"""Opens the reader that READER= asks for; what it opens is put on a stack to be ended."""

import contextlib

from latchkey_tools.cards import Wallet, WalletError
from latchkey_tools.pn532_bridge import PortError, SerialBridge
from latchkey_tools.pn532_server import ReaderField
from latchkey_tools.simulator.reader import Reader
from latchkey_tools.simulator.settings import Settings, StartError, explained
from latchkey_tools.simulator.simulated import SimulatedReader
from latchkey_tools.vpcd_slot import CardSlot


async def open_reader(asked: Settings, stack: contextlib.AsyncExitStack) -> Reader:
    """Simulated, on a serial port, or at another address. Raises StartError."""
    if asked.reader == "simulated":
        return await _simulated(asked, stack)
    if asked.reader.startswith("tcp:"):
        return _elsewhere(asked.reader)
    return await _serial(asked, stack)


async def _simulated(asked: Settings, stack: contextlib.AsyncExitStack) -> Reader:
    try:
        wallet = Wallet.open(asked.state / "wallet.json")
    except WalletError as error:
        raise StartError(f"{error}.")
    field = ReaderField(port=asked.pn532_port)
    with explained("the reader", "PN532_PORT", asked.pn532_port):
        await field.start()
    stack.push_async_callback(field.stop)
    slot = CardSlot(field, port=asked.vpcd_port)
    with explained("the reader's card slot", "VPCD_PORT", asked.vpcd_port):
        await slot.start()
    stack.push_async_callback(slot.stop)
    return SimulatedReader(field, slot, wallet)


async def _serial(asked: Settings, stack: contextlib.AsyncExitStack) -> Reader:
    bridge = SerialBridge(asked.reader, port=asked.pn532_port)
    try:
        with explained("the reader", "PN532_PORT", asked.pn532_port):
            await bridge.start()
    except PortError as error:
        raise StartError(f"READER={error}.")
    stack.push_async_callback(bridge.stop)
    return Reader("serial", f"127.0.0.1:{bridge.port}")


def _elsewhere(setting: str) -> Reader:
    host, _, port = setting.removeprefix("tcp:").rpartition(":")
    if not host or not port.isdecimal():
        raise StartError(f"READER={setting} makes no sense: write tcp:HOST:PORT.")
    return Reader("remote", f"{host}:{port}")
