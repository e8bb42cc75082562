"""Private names are shortened in the whole program at once, and two share one only where they can never meet."""

import ast
from pathlib import Path

from latchkey_tools.build import names, shipped
from latchkey_tools.build.program import Program
from latchkey_tools.build.sources import Source


def _built(files, tests=None):
    """(text of every file, short name of each private one). files, tests: module name -> text."""
    ours, others = (
        [Source(name, Path(name), text) for name, text in (given or {}).items()] for given in (files, tests)
    )
    short = names.shorten(Program(ours, others))
    return {source.name: source.rendered() for source in [*ours, *others]}, short


_LOCK = """class Lock:
    def __init__(self):
        self._state = 1
        self._bolt = 2
    def _step(self):
        return self._state
"""


def test_names_of_one_class_differ_and_those_of_others_are_shared():
    other = "class Light:\n    def __init__(self):\n        self._lamp = 1\n"
    out, short = _built({"lock": _LOCK, "light": other})
    assert len({short[name] for name in ("_state", "_bolt", "_step")}) == 3
    assert short["_lamp"] in (short["_state"], short["_bolt"], short["_step"])
    assert "_lamp" not in out["light"] and "self." + short["_lamp"] in out["light"]


def test_names_of_a_base_differ_from_those_of_what_inherits_them():
    files = {
        "lock": _LOCK,
        "door": "import lock\nclass Door(lock.Lock):\n    def _open(self):\n        self._handle = self._bolt\n",
    }
    _, short = _built(files)
    assert len({short[name] for name in ("_state", "_bolt", "_step", "_open", "_handle")}) == 5


def test_a_class_body_does_not_hide_a_name_of_its_module():
    files = {"lock": "def _make():\n    return 1\nclass Lock:\n    _kept = _make()\n    _other = _make()\n"}
    out, short = _built(files)
    assert len({short[name] for name in ("_make", "_kept", "_other")}) == 3
    space = {}
    exec(out["lock"], space)
    assert getattr(space["Lock"], short["_other"]) == 1


def test_one_name_is_the_same_everywhere_whoever_reaches_for_it():
    tests = {"test": "from lock import Lock\ndef test_a(lock):\n    assert lock._state == 1 and Lock()._bolt\n"}
    out, short = _built({"lock": _LOCK}, tests)
    assert f"lock.{short['_state']} == 1 and Lock().{short['_bolt']}" in out["test"]


def test_names_that_meet_in_a_test_differ():
    files = {"a": "class A:\n    def __init__(self):\n        self._one = 1\n", "b": "def _two():\n    return 2\n"}
    assert len(set(_built(files)[1].values())) == 1
    tests = {"test": "class Fake:\n    def __init__(self):\n        self._one = self._two = 3\n"}
    assert len(set(_built(files, tests)[1].values())) == 2


def test_locals_and_arguments_stay_and_globals_are_declared_by_their_short_name():
    text = (
        "_count = 0\ndef f(_count):\n    _x = _count\n    return _x\n"
        "def g():\n    global _count\n    _count += 1\n    return _count\n"
    )
    out, short = _built({"m": text})
    assert set(short) == {"_count"}
    space = {}
    exec(out["m"], space)
    assert space["f"](7) == 7 and space["g"]() == 1 and space[short["_count"]] == 1
    assert f"global {short['_count']}" in out["m"]


def test_imports_follow():
    files = {
        "a": "def _one():\n    return 1\ndef _two():\n    return 2\n",
        "b": "import a\nfrom a import _one, _two as two\n"
        "def f():\n    from a import _two\n    return _one(), two(), _two(), a._one()\n",
    }
    out, short = _built(files)
    one, two = short["_one"], short["_two"]
    assert out["b"].split("\n") == [
        "import a",
        f"from a import {one}, {two} as two",
        "def f():",
        f"    from a import {two} as _two",
        f"    return {one}(), two(), _two(), a.{one}()",
        "",
    ]


def test_what_a_string_may_stand_for_stays():
    files = {
        "a": "class A:\n    def __init__(self):\n        self._plain = 1\n        self._named = 2\n",
        "b": "class B:\n    def _do_it(self):\n        pass\n    def f(self, x):\n        getattr(self, '_do_' + x)()",
    }
    _, short = _built(files, {"test": "def test_a(a):\n    assert getattr(a, '_named') == 2\n"})
    assert set(short) == {"_plain"}


def test_classes_and_what_is_written_from_outside_stay():
    files = {
        "a": "class _Gone(Exception):\n    pass\nclass A:\n    def f(self):\n        self._left = self._kept = 1\n",
        "b": "import a\ndef f(it):\n    it._left = 3\n    raise a._Gone\n",
    }
    assert set(_built(files)[1]) == {"_kept"}


def test_a_short_name_is_no_word_of_the_sources():
    out, short = _built({"lock": _LOCK + "    _a = _b = 0\n"}, {"test": "_c = 1\n"})
    assert not {"_a", "_b", "_c"} & set(short.values())
    assert "_c = 1" in out["test"]


def test_the_firmware_has_few_private_names_left_and_keeps_its_lines():
    program = shipped.read()
    lines = {source.path: source.rendered().count("\n") for source in program.shipped.values()}
    after = shipped.transformed(program)
    assert all(source.rendered().count("\n") == lines[source.path] for source in after.shipped.values())
    kept = {
        node.attr
        for source in after.shipped.values()
        for node in ast.walk(ast.parse(source.rendered()))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
    }
    assert len(kept) < 100, sorted(kept)
