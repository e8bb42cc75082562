"""FULL, COMPACT and PLAIN give the same answers, keep nothing, allocate little, and do the same for every key."""

import gc
import os

from fakes.p256_vectors import AGREEMENTS, EDGE_KEYS, EDGE_POINTS, G, N
from fakes.scale import LONG
from latchkey.crypto import p256, p256_compact, p256_engine, p256_full
from latchkey.crypto import p256_programs as programs
from latchkey.crypto.p256_engine import Engine
from latchkey.crypto.p256_error import DEGENERATE, P256Error

_VARIANTS = (p256.FULL, p256.COMPACT, p256.PLAIN)
_MACHINES = (p256_compact.run, p256_full.run)
_ROUNDS = 5000 if LONG else 200
_GARBAGE = 2048  # bytes an operation may leave


def _fill(out):
    out[:] = os.urandom(len(out))


def _answers(key, point):
    shared, public = set(), set()
    for variant in _VARIANTS:
        p256.use(variant)
        assert p256.variant() == variant
        shared.add(p256.shared(key, point))
        public.add(p256.public(key))
    return shared, public


def test_equal_at_the_edges():
    for key in EDGE_KEYS:
        for point in EDGE_POINTS:
            shared, public = _answers(key, point)
            assert len(shared) == 1 and len(public) == 1


def test_equal_at_random():
    point = G
    key = bytearray(32)
    for _ in range(_ROUNDS):
        p256.new_private(_fill, key)
        shared, public = _answers(key, point)
        assert len(shared) == 1 and len(public) == 1
        point = public.pop()


def test_points_are_judged_alike():
    for _ in range(_ROUNDS):
        candidate = bytearray(G)
        candidate[os.urandom(1)[0] & 63] ^= 1 << (os.urandom(1)[0] & 7)
        verdicts = set()
        for variant in _VARIANTS:
            p256.use(variant)
            verdicts.add(p256.on_curve(candidate))
        assert verdicts == {False}


def test_the_fastest_one_is_chosen():
    p256._engine = None
    assert p256.variant() == p256.FULL


def _garbage_of(operation):
    operation()  # the first one makes the workspace
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    operation()
    left = gc.mem_alloc() - before
    gc.enable()
    return left


def test_an_operation_leaves_little_garbage():
    private, _, peer, _ = AGREEMENTS[0]
    for variant in (p256.FULL, p256.COMPACT):
        p256.use(variant)
        assert _garbage_of(lambda: p256.shared(private, peer)) <= _GARBAGE
        assert _garbage_of(lambda: p256.public(private)) <= _GARBAGE
        assert _garbage_of(lambda: p256.on_curve(peer)) <= _GARBAGE


def _fresh(work):
    """Whether a workspace holds nothing but constants."""
    secret_end = programs.SLOTS_OFF + programs.SLOT_LEN * programs.SECRET_SLOTS
    assert not any(work.buffer[programs.FIXED_WORDS_LEN : secret_end])
    assert not any(work.scalar) and not any(work._number) and not work.negated
    assert work.pick_window == programs.PICK_WINDOW and work.pick_column == programs.PICK_COLUMN
    assert work.pick_sign == programs.PICK_SIGN
    return True


def test_workspaces_are_wiped_at_the_end_and_when_closed_at_any_step():
    private, _, peer, _ = AGREEMENTS[0]
    for run in _MACHINES:
        engine = Engine(run)
        for begin, point in ((engine.public_steps, ()), (engine.shared_steps, (peer,))):
            total = sum(1 for _ in begin(private, *point, bytearray(64)))
            assert len(engine._spare) == 1 and _fresh(engine._spare[0])
            for stop in range(1, total, 1 if LONG else 7):
                steps = begin(private, *point, bytearray(64))
                for _ in range(stop):
                    next(steps)
                assert not engine._spare
                steps.close()
                assert len(engine._spare) == 1 and _fresh(engine._spare[0])


def test_a_refused_point_leaves_nothing_either():
    engine = Engine(p256_compact.run)
    try:
        list(engine.shared_steps(AGREEMENTS[0][0], bytes(64), bytearray(32)))
        raise AssertionError("infinity was accepted")
    except P256Error:
        pass
    assert len(engine._spare) == 1 and _fresh(engine._spare[0])


def test_a_dropped_operation_costs_its_workspace_and_nothing_else():
    private, _, peer, shared = AGREEMENTS[0]
    p256.use(p256.FULL)
    for _ in range(3):
        next(p256.shared_steps(private, peer, bytearray(32)))
        assert p256.shared(private, peer) == shared
    gc.collect()
    assert _garbage_of(lambda: p256.shared(private, peer)) <= _GARBAGE


def test_scalars_that_no_key_has_give_an_error_and_no_answer():
    """The engine itself, below p256's range check: where its formulas do not hold it says so."""
    for run in _MACHINES:
        engine = Engine(run)
        for scalar in (2, N - 2):
            try:
                list(engine.shared_steps(scalar.to_bytes(32, "big"), G, bytearray(32)))
                raise AssertionError("an addition of equal points went unnoticed")
            except P256Error as error:
                assert error.args[0] == DEGENERATE


def test_every_key_runs_the_same_programs_on_the_same_addresses():
    """What the machine is told, with the digits and signs taken out: PICK reads its whole table whatever they are."""
    private, _, peer, _ = AGREEMENTS[0]
    trace = []

    def record(register, buffer, program, length):
        told = bytearray(program)
        if length == len(programs.PICK_WINDOW):
            told[programs.DIGIT_AT] = told[programs.SIGN_AT] = 0
        elif told[:4] == programs.PICK_SIGN[:4] and length == len(programs.PICK_SIGN):
            told[programs.LAST_SIGN_AT] = 0
        trace.append((length, bytes(told)))
        p256_full.run(register, buffer, program, length)

    engine = Engine(record)
    traces = set()
    for key in EDGE_KEYS + (private,):
        del trace[:]
        for steps in (engine.shared_steps(key, peer, bytearray(32)), engine.public_steps(key, bytearray(64))):
            for _ in steps:
                pass
        traces.add(tuple(trace))
    assert len(traces) == 1


def test_a_machine_that_computes_wrongly_is_not_taken():
    def idle(register, buffer, program, length):
        pass

    try:
        Engine(idle)
        raise AssertionError("an idle machine passed for a field machine")
    except ValueError:
        pass


def test_coordinates_are_randomised_anew_each_time():
    private, _, peer, _ = AGREEMENTS[0]
    seen = set()
    for _ in range(4):
        work = []

        def watch(register, buffer, program, length, work=work):
            work[:] = [buffer]
            p256_compact.run(register, buffer, program, length)

        steps = Engine(watch).shared_steps(private, peer, bytearray(32))
        for _ in range(40):
            next(steps)
        at = programs.SLOTS_OFF + programs.SLOT_LEN * programs.X
        seen.add(bytes(work[0][at : at + programs.SLOT_LEN]))
    assert len(seen) == 4


class _NoNoise:
    """A generator that gives nothing but one byte."""

    def __init__(self, byte):
        self._byte = byte

    def urandom(self, length):
        return bytes((self._byte,)) * length


def test_a_broken_generator_costs_the_hiding_and_no_correctness():
    private, public, peer, shared = AGREEMENTS[0]
    engine = Engine(p256_compact.run)
    genuine = p256_engine.os
    try:
        for byte in (0x00, 0xFF):
            p256_engine.os = _NoNoise(byte)
            x, point = bytearray(32), bytearray(64)
            list(engine.shared_steps(private, peer, x))
            list(engine.public_steps(private, point))
            assert x == shared and point == public
    finally:
        p256_engine.os = genuine
