"""The build puts constants in where they are used: what comes out means the same; what cannot be proved is refused."""

import ast
from pathlib import Path

import pytest
from latchkey_tools.build import constants, imports, shipped
from latchkey_tools.build.program import Program
from latchkey_tools.build.sources import BuildError, Source

_CODES = "from micropython import const\nLOCK = const(1)\nBUSY = const(10)  # in flight\nNONE = const(-1)\n"
_NUMBERS = (ast.Tuple, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Load)


def _built(files, tests=None):
    """The text of every file after the build. files, tests: module name -> text."""
    shipped_ones, others = (
        [Source(name, Path(name), text) for name, text in (given or {}).items()] for given in (files, tests)
    )
    program = Program(shipped_ones, others)
    imports.prune(program, constants.inline(program))
    return {source.name: source.rendered() for source in [*shipped_ones, *others]}


def _code(text):
    """Without empty lines and comments."""
    return ast.unparse(ast.parse(text))


def _refused(files, tests=None):
    with pytest.raises(BuildError) as refused:
        _built(files, tests)
    return str(refused.value)


def test_a_constant_of_another_module_becomes_its_number():
    out = _built({"codes": _CODES, "lock": "import codes\ndef f():\n    return codes.BUSY, codes.NONE\n"})
    assert _code(out["lock"]) == "def f():\n    return (10, -1)"
    assert _code(out["codes"]) == ""


def test_an_imported_constant_becomes_its_number_and_the_rest_of_the_import_stays():
    files = {
        "codes": _CODES + "def is_busy(x):\n    return x == BUSY\n",
        "lock": "from codes import BUSY, is_busy\nTABLE = ((BUSY, 2), (3, 4))\nprint(is_busy)\n",
    }
    out = _built(files)
    assert _code(out["lock"]) == "from codes import is_busy\nTABLE = ((10, 2), (3, 4))\nprint(is_busy)"
    assert _code(out["codes"]) == "def is_busy(x):\n    return x == 10"


def test_constants_are_reckoned_from_constants_of_other_modules():
    files = {
        "bits": "from micropython import const\nONE = const(1 << 0)\nTWO = const(ONE << 1)\nALL = const(ONE | TWO | 8)",
        "user": "import bits\nfrom micropython import const\n_X = const(~bits.ALL & 0xFF)\nprint(_X, -bits.TWO)\n",
    }
    assert _code(_built(files)["user"]) == "print(244, -2)"


def test_imports_through_other_modules_are_followed():
    files = {
        "error": "from micropython import const\nBAD = const(3)\nclass E(Exception):\n    pass\n",
        "front": "from error import BAD, E\n__all__ = ('BAD', 'E')\n",
        "user": "import front\nprint(front.BAD, front.E)\n",
    }
    out = _built(files)
    assert _code(out["front"]) == "from error import E"
    assert _code(out["user"]) == "import front\nprint(3, front.E)"


def test_every_line_keeps_its_number():
    text = (
        "from codes import (\n    BUSY,\n    LOCK,\n)\n\n\ndef f(x):\n    # why\n    if x == BUSY:\n        return x\n"
    )
    lines = _built({"codes": _CODES, "lock": text})["lock"].split("\n")
    assert lines == [
        "",
        "",
        "",
        "",
        "",
        "",
        "def f(x):",
        "    # why",
        "    if x == 10:",
        "        return x",
        "",
    ]


def test_a_local_name_that_hides_a_constant_stays():
    text = (
        "from codes import BUSY, LOCK\ndef f(LOCK):\n    return LOCK, BUSY\ndef g():\n    BUSY = LOCK\n    return BUSY"
    )
    assert _code(_built({"codes": _CODES, "lock": text})["lock"]) == (
        "def f(LOCK):\n    return (LOCK, 10)\n\ndef g():\n    BUSY = 1\n    return BUSY"
    )


def test_a_name_of_a_class_body_is_not_seen_in_its_methods():
    text = "from codes import BUSY\nclass A:\n    BUSY = 3\n    at = BUSY\n    def f(self):\n        return BUSY\n"
    assert _code(_built({"codes": _CODES, "lock": text})["lock"]) == (
        "class A:\n    BUSY = 3\n    at = BUSY\n\n    def f(self):\n        return 10"
    )


def test_an_import_inside_a_function_is_followed_and_leaves_a_block_behind():
    text = "def f():\n    from codes import LOCK\n    return LOCK\ndef g():\n    if f():\n        import codes\n"
    assert _code(_built({"codes": _CODES, "lock": text})["lock"]) == (
        "def f():\n    return 1\n\ndef g():\n    if f():\n        pass"
    )


def test_names_of_annotations_alone_are_not_imported():
    text = (
        "from codes import Code\nfrom clock import Clock\ndef f(code: Code, clock: 'Clock') -> Code:\n    return code\n"
    )
    files = {"codes": _CODES + "class Code:\n    pass\n", "clock": "class Clock:\n    pass\nstart()\n", "lock": text}
    out = _built(files)["lock"]
    assert "from codes" not in out
    assert "from clock import Clock" in out  # loading it does something


def test_what_stands_under_type_checking_is_left_alone():
    text = (
        "from micropython import const\nTYPE_CHECKING = const(False)\nif TYPE_CHECKING:\n    from codes import BUSY\n"
        "def f(x: 'BUSY'):\n    return x\n"
    )
    assert _code(_built({"codes": _CODES, "lock": text})["lock"]) == (
        "if False:\n    from codes import BUSY\n\ndef f(x: 'BUSY'):\n    return x"
    )


def test_tests_are_changed_with_the_firmware_and_keep_their_own_constants():
    tests = {"test": "from micropython import const\nimport codes\n_OWN = const(5)\nassert codes.BUSY == 2 * _OWN\n"}
    out = _built({"codes": _CODES}, tests)
    assert _code(out["test"]) == "from micropython import const\nimport codes\n_OWN = const(5)\nassert 10 == 2 * _OWN"


def test_a_module_that_is_handed_over_keeps_its_names():
    files = {
        "flags": "from micropython import const\nREAD = const(2)\n",
        "radio": "from flags import READ\nfrom micropython import const\nWRITE = const(8)\n",
        "chip": "import radio\ndef get():\n    return radio\nprint(radio.WRITE)\n",
    }
    out = _built(files)
    assert "from flags import READ" in out["radio"] and "WRITE = const(8)" in out["radio"]
    assert "READ = const(2)" in out["flags"]
    assert "print(8)" in out["chip"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import codes\ncodes.BUSY = 3\n", "lock:2: writes to the constant codes.BUSY"),
        ("import codes\nprint(codes.BUZY)\n", "lock:2: there is no codes.BUZY"),
        ("import codes\nprint(getattr(codes, name))\n", "lock:2: getattr(codes, name) looks up a name of a module"),
        ("from codes import *\n", "lock:1: imports everything"),
        ("from codes import BUSY\nprint(f'{BUSY:>3}')\n", "lock:2: BUSY stands in an f-string"),
    ],
)
def test_what_cannot_be_proved_is_refused(text, said):
    assert said in _refused({"codes": _CODES, "lock": text})


@pytest.mark.parametrize(
    "again", ["BUSY = 11\n", "def f():\n    global BUSY\n    BUSY = 3\n", "for BUSY in (1, 2):\n    pass\n"]
)
def test_a_constant_that_gets_another_value_is_refused(again):
    assert "BUSY is a constant and gets another value" in _refused({"codes": _CODES + again})


def test_a_test_that_writes_to_a_constant_is_refused():
    assert "writes to the constant" in _refused({"codes": _CODES}, {"test": "import codes\ncodes.BUSY = 3\n"})


def _tables(text):
    """Tuples at the top of a module: name -> value."""
    return {
        ast.unparse(statement.targets[0]): statement.value
        for statement in ast.parse(text).body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple)
    }


def test_tables_of_the_firmware_are_constant():
    """A tuple with a name in it is built when the module is loaded, by code that takes room as well."""
    program = shipped.transformed(shipped.read())
    built = {
        f"{source.name}.{name}"
        for source in program.shipped.values()
        for name, value in _tables(source.rendered()).items()
        if not all(isinstance(node, _NUMBERS) for node in ast.walk(value))
    }
    assert not built
