"""The application itself, with somebody on stdin who asks when an output was driven, and plays with its network.

driven      prints how many pulses there have been, when the last one began, in µs of the monotonic clock, and how many
            ns this process and the watched one had waited for a processor by then; the motor is cool again afterwards:
            it may run ten times in 20 s, and is not what is measured
watch PID   another process to look at
memory      prints bytes that are free after a collection
up 0|1      the simulated Wi-Fi is out of reach, or there again
names PORT  where name servers listen, because port 53 is root's
"""

import gc

gc.threshold(2_000)  # as main does where it is the program

import asyncio  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import main  # noqa: E402
from latchkey.chip.unix import Chip  # noqa: E402
from latchkey.chip.unix.harness import Pulse  # noqa: E402

_pulses = [0, 0, 0, 0]  # as `driven` prints them
_watched = ["self"]
_pulse = Pulse.pulse
_networks = []  # the one there is
_network = Chip.network


def _timed(self, ms):
    _pulse(self, ms)
    _pulses[1] = time.ticks_us()
    _pulses[0] += 1
    _pulses[2] = _waited_ns("self")
    _pulses[3] = _waited_ns(_watched[0])


def _waited_ns(pid):
    """Linux, Documentation/scheduler/sched-stats.rst: ready to run, and not running."""
    try:
        with open("/proc/%s/schedstat" % pid) as file:
            return int(file.read().split()[1])
    except OSError:
        return 0  # a kernel without


def _kept(self, settings):
    _networks.append(_network(self, settings))
    return _networks[0]


def _cool(vehicle):
    vehicle.arbiter.heat.operations = 0
    vehicle._operations.forget()


def _answered(words, vehicle):
    if words[0] == "driven":
        _cool(vehicle)
        return "\t".join([str(number) for number in _pulses])
    if words[0] == "memory":
        gc.collect()
        return str(gc.mem_free())
    if words[0] == "watch":
        _watched[0] = words[1]
    elif words[0] == "up":
        _networks[0].up = words[1] == "1"
    elif words[0] == "names":
        _networks[0].name_server_port = int(words[1])
    return "done"


async def _answer(vehicle):
    stdin = asyncio.StreamReader(sys.stdin)
    while True:
        line = (await stdin.readline()).decode().strip()
        if not line:
            return
        print("%s\t%s" % (line, _answered(line.split(), vehicle)))


def _beside(run):
    async def both(chip, vehicle, inputs, links):
        task = asyncio.create_task(_answer(vehicle))
        await run(chip, vehicle, inputs, links)
        return task

    return both


Pulse.pulse = _timed
Chip.network = _kept
main.run = _beside(main.run)
main.main()
