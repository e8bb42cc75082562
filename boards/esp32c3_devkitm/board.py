"""ESP32-C3-DevKitM-1: which pin does what, on a chip with eight pins to give. Data only; see boards/README.md."""

NAME = "esp32c3_devkitm"
CHIP = "esp32"
MCU = "esp32c3"
IMAGE = "ESP32_GENERIC_C3"
PSRAM = ""
FREQUENCY_HZ = 160_000_000

READERS: "tuple[tuple[str, int, str | None], ...]" = (("reader", 3, None),)
PACE_MS = 100
PORTS = (("reader", 1, 7, 6),)
SPIS = ()
I2CS = ()
RESETS = ()

PULSES = (("lock", 4), ("unlock", 5))
PULSE_MS = 500
OPENERS: "tuple[tuple[int, str, int], ...]" = ()
RELOCK = False

LEVELS = (("buzzer", 0, 1),)
DRIVE_OUTPUT: "str | None" = None

INPUTS = (
    ("bolt_locked", 3, "up", 0),
    ("bolt_unlocked", 10, "up", 0),
    ("button", 1, "up", 0),
)
SPEED = None
SUPPLY = None

RADIO = True
WIFI = True
WAKE = "button"
