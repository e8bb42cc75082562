"""ESP32-DevKitC with an ESP32-WROOM-32 (E): which pin does what. Data only; what each row means: boards/README.md."""

NAME = "esp32_devkitc"
CHIP = "esp32"
MCU = "esp32"
IMAGE = "ESP32_GENERIC"
PSRAM = ""
FREQUENCY_HZ = 240_000_000

READERS: "tuple[tuple[str, int, str | None], ...]" = (("reader", 3, "reader_reset"),)
PACE_MS = 100
PORTS = (("reader", 2, 32, 4),)
SPIS = ()
I2CS = ()
RESETS = (("reader_reset", 18),)

PULSES = (("lock", 26), ("unlock", 27), ("trunk", 25))
PULSE_MS = 500
OPENERS: "tuple[tuple[int, str, int], ...]" = ((5, "trunk", 300),)
RELOCK = False

LEVELS = (
    ("drive_enable", 33, 1),
    ("light_red", 21, 1),
    ("light_green", 22, 1),
    ("light_blue", 23, 1),
    ("buzzer", 19, 1),
)
DRIVE_OUTPUT: "str | None" = "drive_enable"

INPUTS = (
    ("bolt_locked", 36, "", 0),
    ("bolt_unlocked", 39, "", 0),
    ("door", 14, "up", 0),
    ("ignition", 34, "", 0),
    ("crash", 16, "up", 0),
    ("button", 13, "up", 0),
)
SPEED = (17, "up", 0, 2_548)
SUPPLY = (35, 100_000, 10_000)

RADIO = True
WIFI = True
WAKE = "button"
