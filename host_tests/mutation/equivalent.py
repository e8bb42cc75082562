"""Faults that change nothing anybody could see, each with its reason. A reason is argued, not assumed.

A line names a module, a function ("" for the module itself), the code as it stood, and in what way it was changed;
"" for every way there.
"""

from mutation.operators import Mutant

_NONE = "None, which is then returned, is taken for 0 by everybody who looks at this verdict"
_FIRST = "set anew by the first thing that can be done with it"
_LOCAL = "a buffer of this call alone: nobody can look whether it was wiped"

_BELOW = "any number below 0 is none"

EQUIVALENT: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "latchkey.core.policy": (
        ("interlock", "return codes.ACCEPTED", "removed", _NONE),
        ("_remote_interlock", "return codes.ACCEPTED", "removed", _NONE),
        ("drive_interlock", "return codes.ACCEPTED", "removed", _NONE),
    ),
    "latchkey.core.remote": (("_share", "1", "1 -> 2", _BELOW),),
    "latchkey.credentials.recognition": (("", "1 << codes.NO_ROLE", "LShift -> RShift", "NO_ROLE is 0"),),
    "latchkey.protocol.keycard": (
        ("Session.__init__", "self._aid = 0", "removed", _FIRST),
        ("Session.__init__", "0", "", _FIRST),
        ("Session.verify", "wipe(key)", "removed", _LOCAL),
        ("Session.verify", "wipe(plain)", "removed", _LOCAL),
    ),
    "latchkey.protocol.vehicle_command_check": (
        ("Check.find", "return GENUINE", "removed", _NONE),
        ("Check.verify", "return GENUINE", "removed", _NONE),
        ("Check._staleness", "return GENUINE", "removed", _NONE),
        ("Check._is_signed", "return False", "removed", "find() has made sure that there is a peer; for mypy"),
        ("Check._is_signed", "False", "", "find() has made sure that there is a peer; for mypy"),
    ),
}


def reason_for(module: str, mutant: Mutant) -> str:
    """Why this fault is no fault, "" where it is one."""
    for function, before, words, reason in EQUIVALENT.get(module, ()):
        if (function, before) == (mutant.function, mutant.before) and words in ("", mutant.words):
            return reason
    return ""


def stale(module: str, found: list[Mutant]) -> list[str]:
    """Lines of the list above that name nothing in this module any more."""
    names = {(one.function, one.before, one.words) for one in found} | {(one.function, one.before, "") for one in found}
    return [f"{module}: {line[:3]}" for line in EQUIVALENT.get(module, ()) if line[:3] not in names]
