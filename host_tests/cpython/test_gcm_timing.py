"""AES-GCM keeps its budget: 200 bytes within ten times the 15 block calls that no implementation can save."""

import subprocess
from pathlib import Path

import pytest
from latchkey_tools.simulator.firmware import interpreter

_ROOT = Path(__file__).resolve().parents[2]
_MOST = 10


def _measured():
    result = subprocess.run(
        [interpreter(), str(_ROOT / "host_tests/bench/bench_gcm.py")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"MICROPYPATH": f"{_ROOT / 'firmware'}:.frozen"},
    )
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    return {name: (float(microseconds), int(garbage)) for name, microseconds, garbage in rows}


@pytest.mark.timing
def test_200_bytes_within_ten_times_15_block_calls():
    rows = _measured()
    blocks = rows["15 block calls of cryptolib"][0]
    for name in ("GCM seal, 200 bytes", "GCM open refused, 200 bytes"):
        microseconds, garbage = rows[name]
        print(f"{name}: {microseconds} us, {microseconds / blocks:.1f} times {blocks} us")
        assert microseconds <= _MOST * blocks
        assert garbage == 0
