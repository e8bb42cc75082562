"""The firmware is shipped without packages: its modules lie side by side, and imports bind what they bound."""

from pathlib import Path

import pytest
from latchkey_tools.build import flat, shipped
from latchkey_tools.build.program import Program
from latchkey_tools.build.sources import BuildError, Source

_FILES = {
    "latchkey": '"""The whole."""\n',
    "latchkey.core": "",
    "latchkey.core.codes": "BUSY = 10\n",
    "latchkey.core.lock": "def step():\n    return 1\n",
    "latchkey.chip.unix": "from latchkey.chip.unix import tcp\ndef open():\n    return tcp\n",
    "latchkey.chip.unix.tcp": "",
}
_PACKAGES = ("latchkey", "latchkey.core", "latchkey.chip.unix")


def _built(text, test=""):
    """The whole program with a module `main`, and a test."""
    files = [Source(name, Path(name), content, name in _PACKAGES) for name, content in _FILES.items()]
    return flat.flatten(Program([*files, Source("main", Path("main"), text)], [Source("test", Path("test"), test)]))


def _main(text):
    return _built(text).sources["main"].rendered()


def test_packages_are_gone_but_those_with_something_in_them():
    assert list(_built("").shipped) == ["core_codes", "core_lock", "chip_unix", "chip_unix_tcp", "main"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from latchkey.core import codes\n", "import core_codes as codes\n"),
        ("from latchkey.core import lock as machine\n", "import core_lock as machine\n"),
        ("from latchkey.core import core_lock\n", "from core import core_lock\n"),
        ("from latchkey.core.lock import step as go, step\n", "from core_lock import step as go, step\n"),
        ("import latchkey.core.lock as lock, os\n", "import core_lock as lock; import os\n"),
        ("from latchkey.chip.unix import open, tcp\n", "from chip_unix import open; import chip_unix_tcp as tcp\n"),
        (
            "def f():\n    from latchkey.core import codes, lock\n",
            "def f():\n    import core_codes as codes; import core_lock as lock\n",
        ),
        ("from latchkey.core import (\n    codes,\n)\nx = 1\n", "import core_codes as codes\n\n\nx = 1\n"),
        ("__import__('latchkey.chip.' + name)\n", "__import__('chip_' + name)\n"),
        (
            "names = ('latchkey.core.codes', 'latchkey.core.nothing')\n",
            "names = ('core_codes', 'latchkey.core.nothing')\n",
        ),
        ("import asyncio, os\nfrom time import sleep\n", "import asyncio, os\nfrom time import sleep\n"),
    ],
)
def test_imports_bind_what_they_bound(before, after):
    assert _main(before) == after


def test_imports_of_modules_and_of_tests_are_rewritten_too():
    program = _built("", "from latchkey.core.codes import BUSY\n")
    assert program.sources["chip_unix"].rendered().startswith("import chip_unix_tcp as tcp\n")
    assert program.sources["test"].rendered() == "from core_codes import BUSY\n"


def test_a_package_cannot_be_bound():
    with pytest.raises(BuildError, match=r"main:1: import latchkey\.core\.lock binds a package"):
        _built("import latchkey.core.lock\n")


def test_two_modules_of_one_name_are_refused():
    files = [Source(name, Path(name), "") for name in ("latchkey.core.lock", "latchkey.core_lock")]
    with pytest.raises(BuildError, match="two modules would have one name"):
        flat.flatten(Program(files))


def test_the_firmware_lies_flat():
    program = shipped.transformed(shipped.read())
    assert {"main", "boot", "core_lock", "chip_unix", "crypto_p256_full"} < set(program.shipped)
    assert not [source.path for source in program.sources.values() if "from latchkey." in source.rendered()]
