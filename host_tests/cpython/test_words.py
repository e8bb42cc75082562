"""The words of core/words.py belong to the numbers they are meant for, by the names that those have in the sources."""

import re
from pathlib import Path

from latchkey.core import words

_LATCHKEY = Path(__file__).resolve().parents[2] / "firmware" / "latchkey"


def _constants(text):
    """name -> number of the constants in a piece of source."""
    return {name: int(number) for name, number in re.findall(r"^_?([A-Z][A-Z0-9_]*) = const\((\d+)\)", text, re.M)}


def _section(module, title):
    """The constants between a line that begins with the title and the next empty one."""
    text = (_LATCHKEY / module).read_text()
    return _constants(text[text.index(title) :].split("\n\n", 1)[0])


def _spelt(name, joint):
    return name.lower().replace("_", joint)


def test_every_verdict_has_a_name_and_every_name_a_verdict():
    named = {int(line.split()[0]) for line in words._VERDICTS.strip().splitlines()}
    source = (_LATCHKEY / "core/codes.py").read_text()
    assert named == set(_constants(source[source.index("# Verdicts") :]).values())


def test_states_sources_and_roles_are_called_as_in_the_sources():
    for vocabulary, joint, module, title in (
        (words.LOCKS, "-", "core/lock.py", "# States"),
        (words.DRIVES, "-", "core/drive.py", "# States"),
        (words.SOURCES, " ", "core/codes.py", "# Sources"),
        (words.ROLES, " ", "core/codes.py", "# Roles"),
        (words.CONDITIONS, " ", "credentials/entries.py", "# Conditions"),
        (words.REGISTRIES, " ", "credentials/key_list.py", "# What load() found"),
        (words.READERS, " ", "drivers/reader_health.py", "READY = "),
    ):
        numbers = _section(module, title)
        numbers.pop("ANY", None)
        assert len(numbers) >= 3, module
        for name, number in numbers.items():
            assert words.word(vocabulary, number) == {"NO_ROLE": "none"}.get(name, _spelt(name, joint)), name
        assert len([one for one in vocabulary.split(",") if one]) == len(numbers), module


def test_each_action_bolt_position_and_step_of_an_enrolment_has_a_word():
    for vocabulary, module, title in (
        (words.ACTIONS, "core/codes.py", "# Actions"),
        (words.BOLTS, "core/codes.py", "# Bolt positions"),
        (words.ENROLMENTS, "credentials/enrolment.py", "# States"),
    ):
        assert all(words.word(vocabulary, number) for number in _section(module, title).values())
