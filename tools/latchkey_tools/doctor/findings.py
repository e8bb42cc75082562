"""What a controller's status and its answer to `about` mean for a person: what is wrong, and what to do.

A finding is only made of what was told: a field that this firmware does not tell, or `null`, is none.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

WORST, WRONG, NOTE = 3, 2, 1  # nobody gets in, or nobody knows whether it is locked; something does not work; to know

_LOW_HEAP, _LOW_FLASH = 12_000, 65_536
_WEAK_DBM = -80
_LEAST_MV, _LOW_MV = 9_000, 11_800
_YOUNG_S = 600


class Finding(NamedTuple):
    weight: int
    what: str
    do: str


def findings(status: dict[str, Any], about: dict[str, Any]) -> list[Finding]:
    """The worst first."""
    found = [*_keys(status), *_car(status), *_reader(status), *_chip(status, about), *_cloud(status, about)]
    return sorted(found, key=lambda one: -one.weight)


def _keys(status: dict[str, Any]) -> Iterator[Finding]:
    registry = status.get("registry")
    if registry == "unreadable":
        yield Finding(
            WORST,
            "The list of keys cannot be read: no card and no phone opens.",
            "The cabin button and the crash line still work. Start it once more with a good supply; if it stays like "
            "this, `latchkey erase --yes` and claim it anew.",
        )
    elif registry == "older":
        yield Finding(
            WORST,
            "Only an older list of keys could be read: owner cards alone open.",
            "Look at the list (`latchkey status`), revoke what should not be in it, and enrol what is missing with an "
            "owner's card.",
        )
    elif status.get("claimed") is False:
        yield Finding(
            WRONG,
            "The controller is blank: nobody has a key.",
            "Hold its cabin button for 5 s, then lay two owner cards on the reader, one after the other.",
        )
    owners = [key for key in status.get("keys", []) if key["role"] == "owner" and key["state"] == "active"]
    if status.get("claimed") and registry == "ready" and len(owners) == 1 and status.get("key_count", 0) <= 32:
        yield Finding(
            WRONG,
            "There is only one owner's key: lost, it takes the controller with it.",
            "Enrol a second owner card.",
        )
    if status.get("vin") == "" and status.get("radio") != "none":
        yield Finding(
            WRONG,
            "The vehicle has no key of its own: phones and cloud cannot be served.",
            "It is made at the first start, once the radio is on; give it a minute. If it stays, press RESET.",
        )
    if any(key.get("window") for key in status.get("keys", [])) and status.get("minute", 0) is None:
        yield Finding(
            NOTE,
            "The vehicle does not know what time it is, so guests with a window stay outside.",
            "Any order of an owner's or driver's phone tells it, or `time` on the console.",
        )


def _car(status: dict[str, Any]) -> Iterator[Finding]:
    if status.get("lock") == "jammed":
        yield Finding(
            WORST,
            "The bolt is jammed: it was driven and did not move.",
            "Move it by hand, look for what blocks it, and measure the motor's supply while it is driven.",
        )
    elif status.get("lock") == "unknown" and status.get("bolt") == "between":
        yield Finding(
            WORST,
            "The bolt is neither locked nor unlocked.",
            "Lock or unlock once. If it stays, one of its two switches is not wired or not adjusted.",
        )
    if status.get("crash_line_stuck"):
        yield Finding(
            WRONG, "The crash line is stuck, so a crash would not be seen.", "Check the wire of the input `crash`."
        )
    elif status.get("crash"):
        yield Finding(
            NOTE,
            "A crash was seen: locking is inhibited.",
            "It ends 10 min later, with the ignition turned on and off.",
        )
    millivolts = status.get("supply_mv")
    if millivolts is not None and millivolts < _LEAST_MV:
        yield Finding(
            WORST,
            f"The supply has {millivolts / 1000:.1f} V: below 9 V nothing is locked, and nothing done from afar.",
            "Charge the battery; measure at the controller while the motor is driven; check the divider of `SUPPLY`.",
        )
    elif millivolts is not None and millivolts < _LOW_MV:
        yield Finding(NOTE, f"The supply has {millivolts / 1000:.1f} V, which is little.", "Charge the battery.")


def _reader(status: dict[str, Any]) -> Iterator[Finding]:
    reader = status.get("reader")
    if reader == "fault":
        yield Finding(
            WORST,
            "The card reader does not answer, although it was reset.",
            "Check its 3.3 V (150 mA), ground, and the wires: its TX goes to the board's rx and the other way round; "
            "the switches on the module must say HSU, SPI or I2C as board.py does.",
        )
    elif reader in ("reinitialising", "resetting"):
        yield Finding(WRONG, "The card reader fell silent and is being set up anew.", "Ask again in 10 s.")
    if status.get("radio") == "fault":
        yield Finding(
            WRONG,
            "The Bluetooth radio does not start: phones cannot come in.",
            "Press RESET; if it stays, flash again.",
        )


def _chip(status: dict[str, Any], about: dict[str, Any]) -> Iterator[Finding]:
    if about.get("reset_cause") == "watchdog":
        yield Finding(
            WRONG,
            f"The watchdog has reset it, {_ago(status)}: what lets people in had stopped.",
            "Once in a while is a fault of the firmware to report; again and again, look at reader and supply.",
        )
    elif about.get("reset_cause") == "power" and status.get("claimed") and status.get("uptime_s", _YOUNG_S) < _YOUNG_S:
        yield Finding(
            NOTE,
            f"It was switched on {_ago(status)}. Nobody did that? Then its supply breaks down (brown-out).",
            "Watch the supply while motor and radio work; a brown-out looks like being switched on.",
        )
    if about.get("random_stuck"):
        yield Finding(
            WRONG,
            "The generator of random numbers repeats itself: nothing can be enrolled.",
            "Keys that are enrolled work. Press RESET with the radio on; if it stays, the chip is broken.",
        )
    heap = about.get("heap_free", -1)
    if 0 <= heap < _LOW_HEAP:
        yield Finding(
            WRONG,
            f"Only {heap:,} bytes of the heap are free.",
            "Leave out what you do not use (the broker, or RADIO in board.py), or take a board with more memory.",
        )
    room = about.get("flash_free", -1)
    if 0 <= room < _LOW_FLASH:
        yield Finding(WRONG, f"Only {room // 1024} KB of flash are free.", "Remove files that are not Latchkey's.")
    journal = status.get("journal") or {}
    if journal.get("state") == "failing":
        yield Finding(
            WRONG,
            "The journal cannot be written: what happens is not kept.",
            "Make room in flash; see `latchkey journal`.",
        )


def _cloud(status: dict[str, Any], about: dict[str, Any]) -> Iterator[Finding]:
    link = status.get("cloud") or {}
    wanted = link.get("state", "off") != "off"
    if about.get("network") == "down" and wanted:
        yield Finding(
            WRONG,
            "There is no Wi-Fi: the cloud cannot be reached. Cards and phones work.",
            "Check name and password with `latchkey provision`; the network must have 2.4 GHz and be in reach.",
        )
    elif link.get("state") == "stopped":
        yield Finding(
            WRONG,
            f"The cloud link has stopped ({link.get('why') or 'no reason given'}) and waits for other settings.",
            "Give them with `latchkey provision`.",
        )
    elif link.get("away"):
        why = f" ({link['why']})" if link.get("why") else ""
        yield Finding(
            WRONG if link.get("since_s", 0) > _YOUNG_S else NOTE,
            f"The broker is away{why}. Cards and phones work.",
            f"It tries again by itself, in {link.get('wait_s', 0)} s.",
        )
    weak = about.get("rssi") or 0
    if weak < _WEAK_DBM:
        yield Finding(NOTE, f"Wi-Fi is weak here ({weak} dBm).", "Move the antenna or the access point.")


def _ago(status: dict[str, Any]) -> str:
    minutes = status.get("uptime_s", 0) // 60
    return f"{minutes} min ago" if minutes else "just now"
