"""ESP32-S3-DevKitC-1 (N8, also N8R8): which pin does what. Data only; what each row means: boards/README.md."""

NAME = "esp32s3_devkitc"
CHIP = "esp32"
MCU = "esp32s3"
IMAGE = "ESP32_GENERIC_S3"
PSRAM = "octal"
FREQUENCY_HZ = 240_000_000

READERS: "tuple[tuple[str, int, str | None], ...]" = (("reader", 3, "reader_reset"),)
PACE_MS = 100
PORTS = (("reader", 1, 17, 18),)
SPIS = ()
I2CS = ()
RESETS = (("reader_reset", 16),)

PULSES = (("lock", 4), ("unlock", 5), ("trunk", 6), ("frunk", 7))
PULSE_MS = 500
OPENERS: "tuple[tuple[int, str, int], ...]" = ((5, "trunk", 300), (6, "frunk", 300))
RELOCK = False

LEVELS = (
    ("drive_enable", 15, 1),
    ("light_red", 39, 1),
    ("light_green", 40, 1),
    ("light_blue", 41, 1),
    ("buzzer", 42, 1),
)
DRIVE_OUTPUT: "str | None" = "drive_enable"

INPUTS = (
    ("bolt_locked", 8, "up", 0),
    ("bolt_unlocked", 9, "up", 0),
    ("door", 10, "up", 0),
    ("ignition", 11, "up", 0),
    ("crash", 12, "up", 0),
    ("button", 14, "up", 0),
    ("remote_off", 21, "up", 0),
)
SPEED = (13, "up", 0, 2_548)
SUPPLY = (1, 100_000, 10_000)

RADIO = True
WIFI = True
WAKE = "button"
