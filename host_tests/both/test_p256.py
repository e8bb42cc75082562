"""P-256 through its public functions, with every variant that can be loaded here: known answers, refusals, manners.

That all three can be loaded under MicroPython is asserted in micropython/test_p256_variants.py; CPython has PLAIN.
"""

from fakes.keycard_vectors import VECTORS
from fakes.p256_vectors import (
    AGREEMENTS,
    EDGE_KEYS,
    EDGE_POINTS,
    GREATEST,
    LEAST,
    MULTIPLES,
    B,
    G,
    N,
    P,
    inverse,
    opposite,
)
from latchkey.crypto import p256


def _each_variant():
    for variant in (p256.COMPACT, p256.PLAIN, p256.FULL):
        try:
            p256.use(variant)
        except p256.P256Error as error:
            assert error.args[0] == p256.UNAVAILABLE
            continue
        yield variant


def _code(attempt, *arguments):
    try:
        attempt(*arguments)
    except p256.P256Error as error:
        return error.args[0]
    return None


def _bytes32(number):
    return number.to_bytes(32, "big")


def test_published_agreements():
    for _ in _each_variant():
        for private, public, peer, shared in AGREEMENTS:
            assert p256.shared(private, peer) == shared
            if public:
                assert p256.public(private) == public


def test_key_card_vectors():
    for _ in _each_variant():
        for vector in VECTORS:
            assert p256.shared(vector.vehicle_private, vector.card_public[1:]) == vector.shared_x
            assert p256.shared(vector.card_private, vector.vehicle_public[1:]) == vector.shared_x
            assert p256.public(vector.card_private) == vector.card_public[1:]


def test_published_multiples():
    """k * G and (n - k) * G, reached as (k / r) * (r * G): small scalars are no private keys here."""
    step = 0xC0FFEE << 200
    through = p256.public(_bytes32(step))
    for _ in _each_variant():
        for scalar, point in MULTIPLES:
            for factor in (scalar, N - scalar):
                assert p256.shared(_bytes32(factor * inverse(step) % N), through) == point[:32]
            if LEAST <= scalar <= GREATEST:
                assert p256.public(_bytes32(scalar)) == point
                assert p256.public(_bytes32(N - scalar)) == opposite(point)


def test_edge_keys_agree_with_their_negatives_and_their_public_keys():
    for _ in _each_variant():
        for key in EDGE_KEYS:
            number = int.from_bytes(key, "big")
            public = p256.public(key)
            assert p256.on_curve(public)
            assert p256.shared(key, G) == public[:32]
            negative = _bytes32(N - number)
            if LEAST <= N - number <= GREATEST:
                assert p256.public(negative) == opposite(public)


def test_edge_points_are_accepted_and_agreed_on():
    one, other = EDGE_KEYS[4], EDGE_KEYS[6]
    product = _bytes32(int.from_bytes(one, "big") * int.from_bytes(other, "big") % N)
    for _ in _each_variant():
        for point in EDGE_POINTS:
            assert p256.on_curve(point)
            assert p256.on_curve(opposite(point))
            shared = p256.shared(product, point)
            assert shared == p256.shared(product, opposite(point))
            assert shared == _through(one, other, point)


def _through(one, other, point):
    """X of one * (other * point), with the Y of the inner point found by its equation."""
    x = p256.shared(other, point)
    number = int.from_bytes(x, "big")
    y = pow((number * number * number - 3 * number + B) % P, (P + 1) // 4, P)
    return p256.shared(one, x + _bytes32(y))


def test_points_off_the_curve_are_refused():
    key = EDGE_KEYS[4]
    beside = bytearray(G)
    bad = [bytes(64), G[:32] + bytes(32), bytes(32) + G[32:], b"\xff" * 64, _bytes32(P) + EDGE_POINTS[0][32:]]
    bad += [_bytes32(P + 5) + EDGE_POINTS[1][32:], EDGE_POINTS[4][:32] + _bytes32(P + 5), G[32:] + G[:32]]
    for index in (0, 31, 32, 63):
        beside[index] ^= 1
        bad.append(bytes(beside))
        beside[index] ^= 1
    bad += [b"", G[:63], G + b"\x00", b"\x04" + G, b"\x04" + G[:63]]
    for _ in _each_variant():
        for point in bad:
            assert not p256.on_curve(point)
            assert _code(p256.shared, key, point) == p256.BAD_POINT


def test_private_keys_out_of_range_are_refused():
    out = [0, 1, 2, LEAST - 1, GREATEST + 1, N - 1, N, N + 1, (1 << 256) - 1]
    keys = [_bytes32(number) for number in out] + [b"", b"\x01" * 31, b"\x01" * 33]
    before = p256.operations()
    for _ in _each_variant():
        for key in keys:
            assert _code(p256.public, key) == p256.PRIVATE_RANGE
            assert _code(p256.shared, key, G) == p256.PRIVATE_RANGE
            assert _code(p256.shared, EDGE_KEYS[4], G[:63]) == p256.BAD_POINT
    assert p256.operations() == before


def test_there_are_three_variants():
    before = p256.variant()
    assert _code(p256.use, 0) == p256.UNAVAILABLE
    assert _code(p256.use, 4) == p256.UNAVAILABLE
    assert p256.variant() == before


def test_operations_are_counted_when_they_begin():
    before = p256.operations()
    steps = p256.public_steps(EDGE_KEYS[4], bytearray(64))
    assert p256.operations() == before
    next(steps)
    assert p256.operations() == before + 1
    steps.close()
    p256.shared(EDGE_KEYS[4], G)
    assert p256.operations() == before + 2


def test_arguments_are_read_in_the_first_step_only():
    private, public, peer, shared = AGREEMENTS[0]
    for _ in _each_variant():
        key, point, out = bytearray(private), bytearray(peer), bytearray(34)
        steps = p256.shared_steps(memoryview(key), memoryview(point), memoryview(out)[1:33])
        assert next(steps) is None
        key[:] = bytes(32)
        point[:] = bytes(64)
        assert all(step is None for step in steps)
        assert bytes(out) == b"\x00" + shared + b"\x00"
        key[:] = private
        whole = bytearray(66)
        steps = p256.public_steps(key, memoryview(whole)[1:65])
        next(steps)
        key[:] = bytes(32)
        for _ in steps:
            pass
        assert bytes(whole) == b"\x00" + public + b"\x00"


def test_the_number_of_steps_is_the_same_for_every_key():
    for _ in _each_variant():
        counts = set()
        for key in EDGE_KEYS:
            out = bytearray(64)
            counts.add((sum(1 for _ in p256.public_steps(key, out)), sum(1 for _ in p256.shared_steps(key, G, out))))
        assert len(counts) == 1


def test_interleaved_and_abandoned_operations_do_not_disturb_each_other():
    for _ in _each_variant():
        running = []
        for private, public, peer, shared in AGREEMENTS[:4]:
            out = bytearray(32)
            running.append((p256.shared_steps(private, peer, out), out, shared))
            out = bytearray(64)
            running.append((p256.public_steps(private, out), out, public))
        dropped = p256.shared_steps(AGREEMENTS[4][0], AGREEMENTS[4][2], bytearray(32))
        for _ in range(9):
            next(dropped)
        closed = p256.public_steps(AGREEMENTS[4][0], bytearray(64))
        for _ in range(9):
            next(closed)
        alive = list(running)
        turn = 0
        while alive:
            for item in list(alive):
                if next(item[0], True):
                    alive.remove(item)
            turn += 1
            if turn == 5:
                closed.close()
                del dropped
        for _, out, expected in running:
            assert bytes(out) == expected


def test_new_keys_are_in_range_and_a_broken_source_ends():
    draws = [bytes(32), b"\xff" * 32, _bytes32(GREATEST)]

    def fill(out):
        out[:] = draws.pop(0)

    key = bytearray(32)
    p256.new_private(fill, key)
    assert bytes(key) == _bytes32(GREATEST) and not draws
    calls = []

    def broken(out):
        calls.append(len(out))
        out[:] = b"\xff" * 32

    assert _code(p256.new_private, broken, key) == p256.PRIVATE_RANGE
    assert bytes(key) == bytes(32)
    assert calls == [32] * 4


def test_no_key_meets_the_exception_of_the_comb():
    """p256_engine.py: equal points in the last column mean K = 2e modulo n for that column's own value e."""
    for signs in range(64):
        value = sum((1 if signs >> tooth & 1 else -1) << 43 * tooth for tooth in range(6))
        scalar = 2 * value % N
        if scalar & 1:
            bits = (scalar >> 1) + (1 << 257)
            column = sum((1 if bits >> 43 * tooth & 1 else -1) << 43 * tooth for tooth in range(6))
            assert column != value
