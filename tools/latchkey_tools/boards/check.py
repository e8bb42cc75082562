"""What is wrong with a board, in sentences that say what would be right. A board that gets none may be flashed."""

from collections.abc import Iterator
from types import SimpleNamespace

from latchkey_tools.boards.chips import MCUS, Mcu

_FIELDS = (
    *("NAME", "CHIP", "MCU", "IMAGE", "PSRAM", "FREQUENCY_HZ", "READERS", "PACE_MS", "PORTS", "SPIS", "I2CS"),
    *("RESETS", "PULSES", "PULSE_MS", "OPENERS", "RELOCK", "LEVELS", "DRIVE_OUTPUT", "INPUTS", "SPEED", "SUPPLY"),
    *("RADIO", "WIFI", "WAKE"),
)
_LENGTHS = {"READERS": 3, "PORTS": 4, "SPIS": 7, "I2CS": 5, "RESETS": 2, "PULSES": 2, "OPENERS": 3, "LEVELS": 3} | {
    "INPUTS": 4
}
_LEVELS = ("drive_enable", "light_red", "light_green", "light_blue", "buzzer")
_INPUTS = ("bolt_locked", "bolt_unlocked", "door", "ignition", "crash", "button", "remote_off")
_OPENERS = {5: "trunk", 6: "frunk", 7: "charge port"}
_CEILING_MS = 1_000  # core/lock.py
_MOST_VOLT = 16  # a 12 V system that is being charged
_ADC_MV = 2_450  # up to which the ESP32's converter is straight at 11 dB


class Use:
    """One pin and what it is for. output: the chip drives it. pull: asked of the chip. moves: something in the car."""

    def __init__(self, pin: int, name: str, output: bool, pull: str = "", moves: bool = False) -> None:
        self.pin = pin
        self.name = name
        self.output = output
        self.pull = pull
        self.moves = moves


def complaints(board: SimpleNamespace) -> list[str]:
    """Everything that is wrong with it, worst first as far as one thing hides another."""
    name = getattr(board, "NAME", getattr(board, "FOLDER", "the board"))
    missing = [field for field in _FIELDS if not hasattr(board, field)]
    if missing:
        return [f"{name}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; see boards/README.md."]
    if board.MCU not in MCUS:
        return [f"{name}: MCU is {board.MCU!r}; known are {', '.join(MCUS)}."]
    shapes = list(_shapes(board))
    if shapes:
        return [f"{name}: {words}" for words in shapes]
    mcu = MCUS[board.MCU]
    found = (*_whole(board, mcu), *_pins(board, mcu), *_names(board), *_buses(board, mcu), *_times(board, mcu))
    return [f"{name}: {words}" for words in (*found, *_analog(board, mcu))]


def uses(board: SimpleNamespace) -> list[Use]:
    """Every pin that the board's data names, in the order of the data; pins of a bus that is shared once."""
    found = []
    for name, _, tx, rx in board.PORTS:
        found += [Use(tx, f"{name} tx", True), Use(rx, f"{name} rx", False)]
    for number in dict.fromkeys(row[1] for row in board.SPIS):
        first = next(row for row in board.SPIS if row[1] == number)
        found += [Use(pin, f"SPI {number} {what}", what != "miso") for pin, what in zip(first[2:5], _SPI, strict=True)]
    for name, *_, select, irq in board.SPIS:
        found.append(Use(select, f"{name} select", True))
        found += [Use(irq, f"{name} irq", False, "up")] if irq is not None else []
    for name, _, sda, scl, irq in board.I2CS:
        found += [Use(sda, f"{name} sda", True), Use(scl, f"{name} scl", True)]
        found += [Use(irq, f"{name} irq", False, "up")] if irq is not None else []
    found += [Use(pin, name, True) for name, pin in board.RESETS]
    found += [Use(pin, name, True, moves=True) for name, pin in board.PULSES]
    found += [Use(pin, name, True, moves=name == board.DRIVE_OUTPUT) for name, pin, _ in board.LEVELS]
    found += [Use(pin, name, False, pull) for name, pin, pull, _ in board.INPUTS]
    found += [Use(board.SPEED[0], "speed", False, board.SPEED[1])] if board.SPEED else []
    found += [Use(board.SUPPLY[0], "supply", False)] if board.SUPPLY else []
    return found


_SPI = ("sck", "mosi", "miso")


def _shapes(board: SimpleNamespace) -> Iterator[str]:
    """Fields that are not of the form that everything else relies on."""
    for field, length in _LENGTHS.items():
        rows = getattr(board, field)
        if not isinstance(rows, tuple) or any(not isinstance(row, tuple) or len(row) != length for row in rows):
            yield f"{field} must be a tuple of rows of {length}; mind the comma behind a single row."
    for field, length in (("SPEED", 4), ("SUPPLY", 3)):
        row = getattr(board, field)
        if row is not None and (not isinstance(row, tuple) or len(row) != length):
            yield f"{field} must be None or a row of {length}."
    for field in ("PULSES", "LEVELS", "INPUTS", "RESETS"):
        for row in getattr(board, field):
            if isinstance(row, tuple) and len(row) > 1 and not isinstance(row[1], int):
                yield f"{field}: the pin of {row[0]} must be the number of a GPIO, not {row[1]!r}."


def _whole(board: SimpleNamespace, mcu: Mcu) -> Iterator[str]:
    if board.NAME != board.FOLDER:
        yield f"NAME is {board.NAME!r}, its folder {board.FOLDER!r}: make them the same."
    if board.PSRAM and board.PSRAM not in mcu.psram:
        yield f"an {board.MCU} has no {board.PSRAM} PSRAM here; PSRAM is {' or '.join(map(repr, ('', *mcu.psram)))}."
    if board.FREQUENCY_HZ not in [mhz * 1_000_000 for mhz in mcu.frequencies_mhz]:
        yield f"FREQUENCY_HZ must be one of {', '.join(f'{mhz}_000_000' for mhz in mcu.frequencies_mhz)}."


def _pins(board: SimpleNamespace, mcu: Mcu) -> Iterator[str]:
    taken = mcu.taken | mcu.psram.get(board.PSRAM, {})
    first: dict[int, str] = {}
    for use in uses(board):
        if use.pin not in mcu.pins:
            yield f"{use.name} is on GPIO {use.pin}, which an {board.MCU} does not have."
            continue
        if use.pin in first:
            yield f"GPIO {use.pin} is both {first[use.pin]} and {use.name}: give one of them another pin."
        first.setdefault(use.pin, use.name)
        if use.pin in taken:
            yield f"{use.name} cannot be on GPIO {use.pin}: {taken[use.pin]}."
        if use.pin in mcu.input_only and use.output:
            yield f"{use.name} cannot be on GPIO {use.pin}: it is an input and nothing else."
        if use.pin in mcu.input_only and use.pull:
            yield f'{use.name}: GPIO {use.pin} has no resistor of its own; write "" and fit one outside.'
        if use.pin in mcu.unsteady and use.moves:
            yield f"{use.name} must not be on GPIO {use.pin}: {mcu.unsteady[use.pin]}, and something would move."


def _names(board: SimpleNamespace) -> Iterator[str]:
    pulses = [name for name, _ in board.PULSES]
    inputs = [name for name, *_ in board.INPUTS]
    levels = [name for name, *_ in board.LEVELS]
    for field, names, known in (("LEVELS", levels, _LEVELS), ("INPUTS", inputs, _INPUTS)):
        yield from [f"{field} has {name!r}; known are {', '.join(known)}." for name in names if name not in known]
    for names in (pulses, inputs, levels):
        yield from [f"{name} is there twice." for name in dict.fromkeys(names) if names.count(name) > 1]
    if not {"lock", "unlock"} <= set(pulses):
        yield "PULSES must have lock and unlock."
    if ("bolt_locked" in inputs) != ("bolt_unlocked" in inputs):
        yield "bolt_locked and bolt_unlocked go together: one alone cannot tell a bolt between both from a broken wire."
    if board.DRIVE_OUTPUT is not None and board.DRIVE_OUTPUT not in levels:
        yield f"DRIVE_OUTPUT is {board.DRIVE_OUTPUT!r}, which is not among LEVELS."
    if board.DRIVE_OUTPUT is not None and "ignition" not in inputs:
        yield "DRIVE_OUTPUT wants an input `ignition`: without one nobody knows when driving has begun and ended."
    for name, pin, pull, active in board.INPUTS:
        if pull not in ("", "up", "down"):
            yield f'{name} (GPIO {pin}): the pull is "up", "down" or "", not {pull!r}.'
        if active not in (0, 1):
            yield f"{name} (GPIO {pin}): the level when active is 0 or 1, not {active!r}."
    if board.WAKE is not None and board.WAKE not in inputs:
        yield f"WAKE is {board.WAKE!r}, which is not among INPUTS."
    if not board.READERS and "button" not in inputs:
        yield "without a reader and without a button nobody could ever claim it."


def _buses(board: SimpleNamespace, mcu: Mcu) -> Iterator[str]:
    there = {"": board.PORTS, "spi": board.SPIS, "i2c": board.I2CS}
    for port, place, reset in board.READERS:
        kind, _, name = port.rpartition(":")
        if kind not in there or name not in [row[0] for row in there[kind]]:
            yield f"READERS has {port!r}, which is in none of PORTS, SPIS (as spi:NAME) and I2CS (as i2c:NAME)."
        if place not in (1, 2, 3):
            yield f"the place of reader {port!r} is 1 (door), 2 (cabin) or 3 (both), not {place!r}."
        if reset is not None and reset not in [row[0] for row in board.RESETS]:
            yield f"reader {port!r} is reset by {reset!r}, which is not among RESETS."
        if reset is None and kind == "i2c":
            yield f"reader {port!r} wants a reset line: nothing else frees an I2C data line that is held low."
    for rows, numbers, what in (
        (board.PORTS, mcu.uarts, "UART"),
        (board.SPIS, mcu.spis, "SPI bus"),
        (board.I2CS, mcu.i2cs, "I2C bus"),
    ):
        for name, number, *_ in rows:
            if number not in numbers:
                yield f"{name} is on {what} {number}; an {board.MCU} has {', '.join(map(str, numbers))}."
    for row in board.SPIS:
        if row[2:5] != next(other[2:5] for other in board.SPIS if other[1] == row[1]):
            yield f"{row[0]} is on SPI bus {row[1]} with other pins than the reader before it."


def _times(board: SimpleNamespace, mcu: Mcu) -> Iterator[str]:
    if len(board.PULSES) > mcu.pulses:
        yield f"an {board.MCU} can give pulses on {mcu.pulses} outputs, PULSES has {len(board.PULSES)}."
    if not 1 <= board.PULSE_MS <= _CEILING_MS:
        yield f"PULSE_MS must be 1 to {_CEILING_MS}."
    if not 0 <= board.PACE_MS <= 2_000:
        yield "PACE_MS must be 0 to 2,000."
    for action, output, ms in board.OPENERS:
        if action not in _OPENERS:
            yield f"OPENERS has {action!r}; 5 is the trunk, 6 the frunk, 7 the charge port."
        if output not in [name for name, _ in board.PULSES] or output in ("lock", "unlock"):
            yield f"OPENERS has the output {output!r}, which is not one of PULSES beside lock and unlock."
        if not 1 <= ms <= _CEILING_MS:
            yield f"the pulse of {output} must be 1 to {_CEILING_MS} ms."


def _analog(board: SimpleNamespace, mcu: Mcu) -> Iterator[str]:
    if board.SUPPLY is not None:
        pin, upper, lower = board.SUPPLY
        if pin not in mcu.adc:
            yield f"supply cannot be on GPIO {pin}: beside Wi-Fi only {_ranges(mcu.adc)} measure."
        if upper <= 0 or lower <= 0 or _MOST_VOLT * 1_000 * lower > _ADC_MV * (upper + lower):
            yield f"the divider of the supply gives over {_ADC_MV} mV at {_MOST_VOLT} V: make the lower one smaller."
    if board.SPEED is not None and not (board.SPEED[3] == 0 or 100 <= board.SPEED[3] <= 50_000):
        yield "SPEED: pulses for a km are 100 to 50,000, or 0 for a level that says that the vehicle moves."
    wake = [pin for name, pin, *_ in board.INPUTS if name == board.WAKE]
    if wake and wake[0] not in mcu.wakes:
        yield f"GPIO {wake[0]} cannot wake an {board.MCU}; these can: {_ranges(mcu.wakes)}."


def _ranges(pins: frozenset[int]) -> str:
    return "GPIO " + ", ".join(map(str, sorted(pins)))
