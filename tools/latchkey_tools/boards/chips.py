"""Which pins each processor has, and what they must not be used for.

From Espressif's data sheets of the ESP32, ESP32-S3 and ESP32-C3 series (pins, strapping pins, glitches at power-up) and
of their modules (which pins flash and PSRAM take). Numbers of buses and of RMT channels that send: soc_caps.h of
ESP-IDF; pins that wake: its guide to sleep modes. Nothing of it was tried on a chip.
"""

from typing import NamedTuple


class Mcu(NamedTuple):
    """taken: pin -> why it is not free. psram: the same for a module with that PSRAM. unsteady: pin -> what it does
    while the chip starts. wakes: pins that end deep sleep. adc: pins of the converter that works beside Wi-Fi."""

    pins: frozenset[int]
    taken: dict[int, str]
    psram: dict[str, dict[int, str]]
    input_only: frozenset[int]
    unsteady: dict[int, str]
    adc: frozenset[int]
    wakes: frozenset[int]
    pulses: int
    uarts: tuple[int, ...]
    spis: tuple[int, ...]
    i2cs: tuple[int, ...]
    frequencies_mhz: tuple[int, ...]


def _pins(*ranges: tuple[int, int]) -> frozenset[int]:
    return frozenset(pin for first, last in ranges for pin in range(first, last + 1))


def _why(reason: str, *pins: int) -> dict[int, str]:
    return dict.fromkeys(pins, reason)


_FLASH = "the flash memory hangs on it"
_STRAP = "its level at reset decides how the chip starts"
_USB = "it is a line of the USB port"
_UART0 = "UART0 is the console"
_PSRAM = "the module's PSRAM hangs on it"
_NOT_OUT = "it is not brought out"

MCUS = {
    "esp32": Mcu(
        pins=_pins((0, 19), (21, 23), (25, 27), (32, 39)),
        taken={
            **_why(_FLASH, *range(6, 12)),
            **_why(_STRAP, 0, 2, 5, 12, 15),
            **_why(_UART0, 1, 3),
            **_why(_NOT_OUT, 37, 38),
        },
        psram={"quad": _why(_PSRAM, 16, 17)},
        input_only=_pins((34, 39)),
        unsteady=_why("it carries a clock while the chip starts", 14),
        adc=_pins((32, 39)),
        wakes=frozenset((4, 13, 14, 25, 26, 27, 32, 33, 34, 35, 36, 39)),
        pulses=8,
        uarts=(1, 2),
        spis=(1, 2),
        i2cs=(0, 1),
        frequencies_mhz=(80, 160, 240),
    ),
    "esp32s3": Mcu(
        pins=_pins((0, 21), (26, 48)),
        taken={
            **_why(_FLASH, *range(26, 33)),
            **_why(_STRAP, 0, 3, 45, 46),
            **_why(_USB, 19, 20),
            **_why(_UART0, 43, 44),
        },
        psram={"quad": {}, "octal": _why(_PSRAM, *range(33, 38))},
        input_only=frozenset(),
        unsteady=_why("it is high for some 60 µs while the chip starts", 18),
        adc=_pins((1, 10)),
        wakes=_pins((0, 21)),
        pulses=4,
        uarts=(1, 2),
        spis=(1, 2),
        i2cs=(0, 1),
        frequencies_mhz=(80, 160, 240),
    ),
    "esp32c3": Mcu(
        pins=_pins((0, 21)),
        taken={
            **_why(_FLASH, *range(11, 18)),
            **_why(_STRAP, 2, 8, 9),
            **_why(_USB, 18, 19),
            **_why(_UART0, 20, 21),
        },
        psram={},
        input_only=frozenset(),
        unsteady={},
        adc=_pins((0, 4)),
        wakes=_pins((0, 5)),
        pulses=2,
        uarts=(1,),
        spis=(1,),
        i2cs=(0,),
        frequencies_mhz=(80, 160),
    ),
}
