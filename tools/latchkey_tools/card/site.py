"""The site key: 16 bytes that every card's key is derived from. Whoever has it can make every card of the site.

It stays on this computer, in a file that its owner alone can read: 32 hex digits. A card's key is derived from it by
AN10922 over UID | "latchkey", so the same file gives the same card its key again.
"""

import os
import secrets
from pathlib import Path

from latchkey_tools.aes_cards import diversified
from latchkey_tools.phone.problem import CannotStart

KEY_LEN = 16
UID_LEN = 7
_SYSTEM = b"latchkey"


def make(path: Path) -> bool:
    """Make the file, unless it is there; True where it is new. Raises Problem."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        read(path)
        return False
    except OSError as error:
        raise CannotStart(f"{path} cannot be written: {error.strerror}.", "no_file") from None
    with open(handle, "w") as file:
        file.write(secrets.token_hex(KEY_LEN) + "\n")
    return True


def read(path: Path) -> bytes:
    """The site key. Raises Problem."""
    try:
        mode = path.stat().st_mode
        text = path.read_text()
    except FileNotFoundError:
        raise CannotStart(f"There is no {path}: make it with `latchkey card site {path}`.", "no_file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"{path} cannot be read ({type(error).__name__}).", "no_file") from None
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_LEN or not any(key):
        raise CannotStart(f"{path} is no site key: it must hold 32 hex digits, and nothing else.", "no_site_key")
    if mode & 0o077:
        raise CannotStart(f"Others can read {path}: run `chmod 600 {path}` first.", "others_can_read")
    return key


def uid_of(text: str) -> bytes:
    """A card's UID from what was typed. Raises Problem."""
    try:
        uid = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        uid = b""
    if len(uid) != UID_LEN:
        raise CannotStart("A UID has 14 hex digits, like 04958CAA5C5E80.", "no_uid")
    return uid


def card_key(site_key: bytes, uid: bytes) -> bytes:
    """The key of one card, 16 bytes."""
    return diversified(site_key, uid + _SYSTEM)
