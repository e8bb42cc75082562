"""Which bus readers hang on in a test that does not say, and a script in place of the chip on that bus."""

from latchkey.drivers.pn532_uart import Uart

from fakes.uart import ScriptedUart

bus = ["uart"]


def usual(kind):
    """From now on readers hang on this bus, "uart" or one of buses.KINDS, unless they are told otherwise."""
    bus[0] = kind


def scripted(time):
    """A scripted chip: (what has the script, the transport to it)."""
    if bus[0] == "uart":
        port = ScriptedUart(time)
        return port, Uart(port)
    from fakes.buses import ScriptedChip, Wired

    chip = ScriptedChip(time)
    return chip, Wired(time, bus[0], chip).transport()
