"""Storage mode: deep sleep, for a vehicle that stands for months. Loaded when it is asked for.

Everything is off but what watches one pin: no card, phone or cloud is heard, and crash and door lines are not read.
What wakes is a boot like any other, with a new epoch. Readers are held in reset, or they would go on to draw tens of
mA. An ESP32 and ESP32-S3 wake by ext0; an ESP32-C3 by GPIO, which MicroPython 1.26 cannot do.
"""

import esp32
import machine

TYPE_CHECKING = False
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.chip.esp32 import Board


def sleep(board: "Board", last: "Callable[[], None] | None") -> None:
    """See Chip.sleep(). Who presses the button meanwhile wakes it at once. raises: OSError."""
    for name, number, _pull, active in board.INPUTS:
        if name == board.WAKE:
            pin = machine.Pin(number)
            if pin.value() == active:
                raise OSError("the input %s is active: it would wake at once" % name)
            _arm(pin, active)
            break
    else:
        raise OSError("the board has no input to wake it")
    if last is not None:
        last()
    _switch_off(board)
    machine.deepsleep()


def _arm(pin: machine.Pin, active: int) -> None:
    level = esp32.WAKEUP_ANY_HIGH if active else esp32.WAKEUP_ALL_LOW
    if hasattr(esp32, "wake_on_ext0"):
        esp32.wake_on_ext0(pin, level)
    elif hasattr(esp32, "wake_on_gpio"):
        esp32.wake_on_gpio((pin,), level)
    else:
        raise OSError("this image cannot wake the chip by a pin: MicroPython 1.27 or later")


def _switch_off(board: "Board") -> None:
    for _, number in board.RESETS:
        machine.Pin(number, machine.Pin.OUT, value=0)
        machine.Pin(number, hold=True)  # type: ignore[call-arg]  # no stub knows it
    if hasattr(esp32, "gpio_deep_sleep_hold"):
        esp32.gpio_deep_sleep_hold(True)
    try:
        if board.RADIO:
            import bluetooth

            bluetooth.BLE().active(False)
        if board.WIFI:
            import network

            network.WLAN(network.STA_IF).active(False)
    except OSError:
        pass  # deep sleep takes the supply from a radio that does not answer
