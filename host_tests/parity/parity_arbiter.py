"""A long walk through the arbiter: every verdict and state folded into one number, printed every thousand steps."""

from latchkey.core import codes, words
from latchkey.core.arbiter import TIMERS, Arbiter
from latchkey.core.facts import NO, YES
from latchkey.core.words import word

_SOURCES = (codes.TIMER, codes.CLOUD, codes.PHONE, codes.KEYCARD, codes.CABIN)
_ROLES = (0, 1, 2, 3, 4, 5, 6, 8)


def main():
    state = 12345
    arbiter = Arbiter(True, relock=True)
    arbiter.facts.drive_fitted = True
    total = 0
    for turn in range(20_000):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        value = state >> 8
        kind = value % 7
        value //= 7
        verdict = 0
        if kind < 2:
            verdict = arbiter.ask(_SOURCES[value % 5], _ROLES[(value // 5) % 8], (value // 40) % 10)
        elif kind == 2:
            arbiter.sense_bolt(value % 4)
        elif kind == 3:
            (arbiter.sense_door, arbiter.sense_ignition, arbiter.sense_speed, arbiter.sense_supply)[value % 4](
                YES if value // 4 % 3 == 0 else NO
            )
        elif kind == 4 and value % 50 == 0:
            arbiter.sense_crash(value // 50 % 2 == 1)
        elif kind == 5:
            arbiter.operation_aged(value % 2 == 1)
        else:
            arbiter.passed(value % TIMERS)
        shown = (verdict, arbiter.lock.state, arbiter.lock.motor, arbiter.motor_effect, arbiter.drive.state)
        for number in shown:
            total = (total * 31 + number) & 0xFFFFFF
        total = (total * 31 + (arbiter.starts ^ arbiter.stops)) & 0xFFFFFF
        if turn % 1000 == 999:
            print(turn, total, word(words.LOCKS, arbiter.lock.state), word(words.DRIVES, arbiter.drive.state))
