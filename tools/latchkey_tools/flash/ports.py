"""Which serial port a board is at, and in plain words why it cannot be had.

USB adapters are known by the numbers of their makers: everything else that is a serial port (a modem, /dev/ttyS0) is
only taken when it is named.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterable
from typing import Any

from latchkey_tools.phone.problem import CannotStart, Problem

_MAKERS = {
    0x303A: "Espressif USB",
    0x10C4: "CP210x",
    0x1A86: "CH34x",
    0x0403: "FTDI",
    0x067B: "PL2303",
}

# What was let go may stay locked a moment more: a program that is just being started has copies of all open files.
LET_GO_S = 1.0


def boards() -> list[tuple[str, str]]:
    """Ports with an adapter as boards have one: (port, which adapter)."""
    from serial.tools import list_ports

    return among(list_ports.comports())


def among(ports: Iterable[Any]) -> list[tuple[str, str]]:
    """ports: as pyserial lists them."""
    return sorted((port.device, _MAKERS[port.vid]) for port in ports if port.vid in _MAKERS)


def chosen(asked: str | None, found: Callable[[], list[tuple[str, str]]] = boards) -> str:
    """The port that is asked for, or the only one there is. raises: CannotStart."""
    if asked:
        return asked
    ports = found()
    if len(ports) == 1:
        return ports[0][0]
    if ports:
        listed = ", ".join(f"{port} ({maker})" for port, maker in ports)
        raise CannotStart(f"Several boards are connected: {listed}. Say which with `--port`.", "several_ports")
    raise CannotStart(
        "No board is connected: there is no USB serial port. Try another cable, because many only charge; on macOS and "
        "Windows the adapter may want its driver (CP210x, CH340). A port that is there all the same: `--port PORT`.",
        "no_port",
    )


def probe(port: str) -> None:
    """Can it be had? Does not move its lines more than opening must. raises: Problem."""
    if "://" in port:
        return
    try:
        handle = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise explained(error, port)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise explained(error, port)
    finally:
        os.close(handle)


def explained(error: OSError, port: str) -> Problem:
    """Why a port cannot be had, or was lost."""
    number = error.errno or _number_in(str(error))
    if number == errno.EACCES:
        return CannotStart(
            f"You may not use {port}. On Linux add yourself to its group: `sudo usermod -aG dialout $USER` (uucp on "
            "Arch), then log out and in again.",
            "no_permission",
        )
    if number in (errno.EBUSY, errno.EAGAIN):
        return CannotStart(
            f"{port} is in use: end the program that has it (a terminal, another `latchkey`, ModemManager), and try "
            "again.",
            "busy_port",
        )
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV) and not os.path.exists(port):
        there = ", ".join(name for name, _ in _listed()) or "none with a board"
        return CannotStart(f"There is no port {port}; there is: {there}. Is the board plugged in?", "no_port")
    return lost(port)


def lost(port: str) -> Problem:
    return Problem(
        "cable pulled",
        f"The board at {port} went away in the middle: the cable was pulled, or the supply broke down. Plug it in "
        "again and repeat the command; it goes on where it stopped, and no key is lost.",
    )


def _number_in(text: str) -> int:
    """pyserial puts the number into its words."""
    for number in (errno.EACCES, errno.EBUSY, errno.EAGAIN, errno.ENOENT, errno.EIO):
        if f"Errno {number}]" in text:
            return number
    return errno.EAGAIN if "exclusively lock" in text else 0


def _listed() -> list[tuple[str, str]]:
    with contextlib.suppress(Exception):  # it only helps
        return boards()
    return []
