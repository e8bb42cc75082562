"""What is generated is up to date; what is native compiles for every chip; what is small loads on a small heap."""

import subprocess

import pytest
from latchkey_tools import generate_p256
from latchkey_tools.benchmark import ARCHITECTURES, cross_compile
from latchkey_tools.simulator.firmware import interpreter

_CRYPTO = generate_p256.CRYPTO
_FIRMWARE = _CRYPTO.parents[1]
_NATIVE = ("p256_full.py", "p256_compact.py", "p256_conversion.py", "secret_native.py")
# One ECDH with whatever variant loads by itself, checked, and the number of that variant.
_PROBE = """
import sys
sys.path[:] = {path!r} + [".frozen"]
from latchkey.crypto import p256
from fakes.p256_vectors import AGREEMENTS
private, public, peer, shared = AGREEMENTS[0]
assert p256.shared(private, peer) == shared and p256.public(private) == public
print(p256.variant())
"""
_FULL, _COMPACT = "1", "2"


def _variant_on(heap, firmware):
    path = [str(firmware), str(_FIRMWARE.parent / "host_tests")]
    probe = _PROBE.format(path=path)
    command = [interpreter(), "-X", f"heapsize={heap}", "-c", probe]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_generated_modules_are_up_to_date():
    assert (_CRYPTO / "p256_tables.py").read_text() == generate_p256.tables_source()
    assert (_CRYPTO / "p256_programs.py").read_text() == generate_p256.programs_source()
    assert (_CRYPTO / "p256_full.py").read_text() == generate_p256.full_source()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", _NATIVE)
def test_native_modules_compile_for_every_chip(name, architecture, tmp_path):
    target = tmp_path / "module.mpy"
    cross_compile(_CRYPTO / name, target, architecture)
    assert target.read_bytes()[:1] == b"M"


def test_native_code_stays_small(tmp_path):
    """Executable RAM on the ESP32 is the scarce kind."""
    for name, limit in (("p256_full.py", 13_000), ("p256_compact.py", 2_300), ("p256_conversion.py", 2_000)):
        target = tmp_path / "module.mpy"
        cross_compile(_CRYPTO / name, target, "xtensawin")
        assert target.stat().st_size <= limit


def test_from_source_a_small_heap_gets_the_compact_variant_by_itself():
    assert _variant_on("96k", _FIRMWARE) == _COMPACT


def test_from_source_a_large_heap_gets_the_full_variant():
    assert _variant_on("192k", _FIRMWARE) == _FULL


def test_compiled_the_full_variant_loads_on_a_small_heap(tmp_path):
    for source in [*_FIRMWARE.glob("latchkey/*.py"), *_CRYPTO.glob("*.py")]:
        target = (tmp_path / source.relative_to(_FIRMWARE)).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        cross_compile(source, target, "x64")
    assert _variant_on("96k", tmp_path) == _FULL
