"""Faults that change nothing anybody could see, each with its reason. A reason is argued, not assumed.

A line names a module, a function ("" for the module itself), the code as it stood, and in what way it was changed;
"" for every way there.
"""

from mutation.operators import Mutant

EQUIVALENT: dict[str, tuple[tuple[str, str, str, str], ...]] = {}


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
