"""Imports of the firmware point downwards only, as the README's list of folders says.

Imports under `if TYPE_CHECKING:` are for the type checker, never run, and do not count.
"""

import ast
import sys
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"

# folder or module -> what it may import of latchkey, beside itself
ALLOWED = {
    "core": set(),
    "crypto": set(),
    "storage": {"crypto"},
    "credentials": {"core", "crypto", "storage"},
    "protocol": {"crypto"},
    "drivers": {"core"},
    "net": {"protocol"},
    "links": {"core", "credentials", "crypto", "drivers", "net", "protocol", "storage"},
    "vehicle": {"core", "credentials", "storage"},
    "chip": set(),
    "main": {"core", "credentials", "crypto", "drivers", "links", "protocol", "storage", "vehicle", "chip"},
    "boot": set(),
}
_SECRETS = {"hashlib", "cryptolib", "uhashlib", "ucryptolib"}


def _sources():
    return sorted(FIRMWARE.rglob("*.py"))


def _part(path):
    """The folder (or, at the top, the module) that a file belongs to; None for the package's own __init__."""
    parts = path.relative_to(FIRMWARE).with_suffix("").parts
    if parts[0] != "latchkey":
        return parts[0]
    return parts[1] if len(parts) > 1 and parts[1] != "__init__" else None


def _imports(path):
    """Names of the modules that a file imports when it runs."""
    found = []
    waiting = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.extend(f"{node.module}.{alias.name}" for alias in node.names)
        waiting.extend(ast.iter_child_nodes(node))
    return found


def test_imports_point_downwards():
    wrong = []
    for path in _sources():
        part = _part(path)
        for name in _imports(path):
            pieces = name.split(".")
            if pieces[0] == "latchkey" and part is not None and pieces[1] not in {part, *ALLOWED[part]}:
                wrong.append(f"{path.relative_to(FIRMWARE)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_every_folder_has_a_rule():
    assert {_part(path) for path in _sources()} - {None} == set(ALLOWED)


def test_only_crypto_touches_hashes_ciphers_and_randomness():
    wrong = []
    for path in _sources():
        if _part(path) in ("crypto", "chip"):  # the chip hands its generator over; it makes nothing of it
            continue
        tree = ast.parse(path.read_text())
        wrong += [
            f"{path.relative_to(FIRMWARE)} imports {name}" for name in _imports(path) if name.split(".")[0] in _SECRETS
        ]
        wrong += [
            f"{path.relative_to(FIRMWARE)} draws random bytes itself"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr == "urandom"
        ]
    assert not wrong, "\n".join(wrong)


def test_the_local_path_knows_no_network():
    """Nothing on a tap's way imports a socket or a network; the simulated chip, wired by TCP, is the exception."""
    for path in _sources():
        if _part(path) != "chip":
            names = {name.split(".")[0] for name in _imports(path)}
            assert not names & {"socket", "network", "ssl", "tls", "select"}, path


def test_no_module_shadows_one_of_the_standard_library():
    for path in _sources():
        if path.stem not in ("__init__", "main", "boot"):
            assert path.stem not in sys.stdlib_module_names, path
