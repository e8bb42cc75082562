"""`make benchmark`: the figures of the design that a keycard tap touches, beside their budgets, measured on this PC.

figures       a figure, the tables they are shown in
crypto        speed and garbage of the cryptography beside other people's (host_tests/bench/bench_crypto.py)
tap           counters between a card's answer and the pulse, turns of each task, lookup (bench_tap, _turns, _lookup)
application   the whole firmware in real processes: heap, boot, latency (controller, owner)
"""

from latchkey_tools.benchmark.crypto import ARCHITECTURES, cross_compile

__all__ = ["ARCHITECTURES", "cross_compile"]
