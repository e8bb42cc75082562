"""How long it takes to find a card among 1,000 and among one: prints what, microseconds of CPU time for each.

MICROPYPATH names the compiled firmware and host_tests. The whole lookup reads the full key from a file of this PC; the
prefix is what is searched in RAM. Cases take turns; each keeps its best.
"""

import gc
import time

from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.core.codes import DRIVER, OWNER
from latchkey.credentials import entries
from latchkey.credentials.registry import READY, Registry
from latchkey.crypto.digest import sha256
from latchkey.storage.records import Record

_MANY = 1_000
_TURNS = 7
_ROUNDS = {"full key from flash": 6, "prefix in RAM": 60}  # at least 0.05 s: the clock has steps of a millisecond


def _key(number):
    return (number + 1).to_bytes(4, "big") * 16


def _registry(folder, count):
    body = bytearray(entries.header())
    for number in range(count):
        body.extend(entries.entry(DRIVER if number else OWNER, 1, _key(number)))
    for _ in Record(folder + "/keys").change_steps(0, body):
        pass
    registry = Registry(Record(folder + "/keys"), Marks())
    if registry.load() != READY or registry.count != count:
        raise ValueError("the list of keys cannot be read")
    return registry


def _seconds(find, wanted, rounds):
    gc.collect()
    started = time.clock()
    for _ in range(rounds):
        for one in wanted:
            find(one)
    return time.clock() - started


def _report(name, one, many, wanted):
    """one, many: functions that find; wanted: what the second one shall find, the first of them for the first one."""
    rounds = _ROUNDS[name]
    same = wanted[:1] * len(wanted)
    alone = among = 1e9
    for _ in range(_TURNS):
        alone = min(alone, _seconds(one, same, rounds))
        among = min(among, _seconds(many, wanted, rounds))
    each = 1e6 / (rounds * len(wanted))
    print("%s\t%.3f\t%.3f" % (name, alone * each, among * each))


def main():
    folders = fresh_folder(), fresh_folder()
    one, many = _registry(folders[0], 1), _registry(folders[1], _MANY)
    keys = [_key(number) for number in range(_MANY)]
    _report("full key from flash", one.find, many.find, keys)
    prefixes = [sha256(key)[:16] for key in keys]
    _report("prefix in RAM", one._roll.index.find, many._roll.index.find, prefixes)
    for folder in folders:
        remove(folder)


main()
