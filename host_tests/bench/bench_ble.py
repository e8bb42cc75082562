"""What a phone's handshake and its command cost, counted: prints what, then the numbers named in _HEADER.

Under MicroPython on the bench, in virtual time; MICROPYPATH names the compiled firmware, host_tests and the models.
A handshake counts from the phone's write to the last byte of the answer, a command from its write to the pulse. All 32
slots are taken and the phone is in the last of them. What is written to flash is counted over the whole run, up to the
moment at which the reply has been handed to the radio.
"""

from fakes.bench import codes
from fakes.bench_disk import new_disk
from fakes.bench_pairing import car, enrol_phone
from fakes.bench_phone import LOCK, UNLOCK
from fakes.phone import Phone
from latchkey.crypto import p256

_HEADER = ("curve", "opened", "written", "ms")
_ROUNDS = 4
_SLOTS = 32


class _Counts:
    def __init__(self, bench):
        self._bench = bench
        self.begin()

    def begin(self):
        self._before = self._now()

    def since(self):
        return [now - before for now, before in zip(self._now(), self._before)]

    def _now(self):
        bench = self._bench
        return (p256.operations(), bench.disk.opened, bench.disk.written, bench.time.elapsed_ms)


def main():
    bench, _ = car(disk=new_disk(512, 128))
    for number in range(2, _SLOTS + 1):
        enrol_phone(bench, number, codes.DRIVER)
    phone = enrol_phone(bench, 1, codes.DRIVER)
    counts = _Counts(bench)
    spent = {"handshake": [], "command": []}

    async def answered():
        """Wait for the first whole reply, a millisecond at a time."""
        while True:
            if phone.frames():
                return
            await bench.pass_ms(1)

    async def story():
        await phone.connect()
        await phone.handshake()  # the client knows counter, epoch and clock from now on
        phone.lifetime = 40  # s; its clock stays as it was told
        for payload in (UNLOCK, LOCK) * (_ROUNDS // 2):
            counts.begin()
            phone.write(Phone.handshake(phone))
            await answered()
            spent["handshake"].append(counts.since())
            bench.bolt.on_pulse = lambda: spent["command"].append(counts.since())
            counts.begin()
            phone.write(phone.signed(payload))
            await answered()
            if counts.since()[2]:
                raise ValueError("flash was written before the reply")
            await bench.pass_ms(3_000)

    bench.run(story())
    for what in ("handshake", "command"):
        if len(spent[what]) != _ROUNDS:
            raise ValueError("%s: %d of %d" % (what, len(spent[what]), _ROUNDS))
        print("\t".join([what] + [str(max(numbers)) for numbers in zip(*spent[what])]))


main()
