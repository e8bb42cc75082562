"""Tables of small numbers become strings of bytes, and the loops over them do what they did."""

import ast
from pathlib import Path

import pytest
from latchkey_tools.build import shipped, tables
from latchkey_tools.build.program import Program
from latchkey_tools.build.sources import Source

_ROWS = "((1, 2, 3), (4, 5, 6), (1, 8, 900), (0, 255, 65535))"
_TABLE = f"TABLE = {_ROWS}\n"
_STEP = """def step(a):
    for known, how, what in TABLE:
        if known == a and how > 2:
            return how, what
"""
_COUNT = """def count():
    n = 0
    for number, _, _x in TABLE:
        n += number
    return n
"""


def _built(text, tests="", *, is_packed=True):
    """The text of the module `m` after the build, and of a test."""
    source, test = Source("m", Path("m"), text), Source("test", Path("test"), tests)
    tables.pack(Program([source], [test]))
    assert (" in range(0, " in source.rendered()) == is_packed
    return source.rendered(), test.rendered()


def _run(text):
    space = {}
    exec(text, space)
    return space


def test_a_loop_over_rows_finds_what_it_found():
    out, _ = _built(_TABLE + _STEP)
    before, after = _run(_TABLE + _STEP)["step"], _run(out)["step"]
    assert [after(a) for a in range(6)] == [before(a) for a in range(6)]
    assert after(1) == (8, 900) and after(0) == (255, 65535)
    assert len(_run(out)["TABLE"]) == 4 * (1 + 1 + 2)


def test_lines_stay_where_they_are():
    text = "TABLE = (\n    # why\n    (1, 2, 3),\n    (4, 5, 6),\n    (7, 8, 9),\n    (0, 0, 0),\n)\n\n" + _STEP
    lines = _built(text)[0].split("\n")
    assert len(lines) == len(text.split("\n"))
    assert lines[8:12] == [
        "def step(a):",
        "    for _at in range(0, 12, 3):",
        "        if TABLE[_at] == a and TABLE[_at + 1] > 2:",
        "            return TABLE[_at + 1], TABLE[_at + 2]",
    ]


def test_two_functions_may_walk_one_table():
    out, _ = _built(_TABLE + _STEP + _COUNT)
    assert _run(out)["count"]() == 6 and _run(out)["step"](4) == (5, 6)


def test_a_test_gets_the_table_as_it_was_written():
    test = "import m\nfrom m import TABLE\nassert len(TABLE) == 4\nassert [row[0] for row in m.TABLE] == [1, 4, 1, 0]\n"
    _, out = _built(_TABLE + _STEP, test)
    assert out.split("\n")[2:4] == [f"assert len({_ROWS}) == 4", f"assert [row[0] for row in {_ROWS}] == [1, 4, 1, 0]"]


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    return TABLE\n",
        "def f(a):\n    return a in TABLE\n",
        "def f():\n    for row in TABLE:\n        print(row)\n",
        "def f():\n    for a, b in TABLE:\n        print(a, b)\n",
        "def f():\n    for a, b, c in TABLE:\n        pass\n    return a\n",
        "def f():\n    for a, b, c in TABLE:\n        b = a + c\n        print(b)\n",
        "def f():\n    for a, b, c in TABLE:\n        yield lambda: a\n",
        "def f():\n    for a, b, c in TABLE:\n        print(f'{a}')\n",
        "def f(a):\n    for a, b, c in TABLE:\n        print(a)\n",
        "for a, b, c in TABLE:\n    print(a)\n",
        "def f():\n    global TABLE\n    TABLE = ()\n",
    ],
)
def test_a_table_that_is_used_in_another_way_stays(text):
    out, _ = _built(_TABLE + _COUNT + text, is_packed=False)
    assert out == _TABLE + _COUNT + text


@pytest.mark.parametrize(
    "table",
    [
        "((1, 2, 3), (4, 5), (6, 7, 8), (0, 0, 0))",
        "((1, 2, 3), (4, 5, -6), (6, 7, 8), (0, 0, 0))",
        "((1, 2, 3), (4, 5, 65536), (6, 7, 8), (0, 0, 0))",
        "((1, 2, 3), (4, 5, None), (6, 7, 8), (0, 0, 0))",
        "((1, 2, 3), (4, 5, f()), (6, 7, 8), (0, 0, 0))",
        "((1, 2, 3), (4, 5, True), (6, 7, 8), (0, 0, 0))",
        "((1, 2, 3), (4, 5, 6), (6, 7, 8))",
    ],
)
def test_what_is_no_table_of_small_numbers_stays(table):
    _built(f"TABLE = {table}\n{_STEP}", is_packed=False)


def test_the_machines_of_the_firmware_are_packed():
    program = shipped.transformed(shipped.read())
    for name in ("core_lock", "core_drive", "core_policy", "credentials_enrolment", "links_phone_orders"):
        loops = [
            ast.unparse(node.iter).startswith("range(0, ") and ast.unparse(node.target) == "_at"
            for node in ast.walk(ast.parse(program.shipped[name].rendered()))
            if isinstance(node, ast.For)
        ]
        assert any(loops), name
