"""How much the controller may say: a ceiling on what it sends, in any hour and any day, whoever asks for more.

In November 2021 a car maker's servers fell over after the verbosity of network traffic had been increased. Here no
setting, command or attack makes a controller say more than this:

    own publishes     60 in any hour, 480 in any day
    replies           20 in any hour, from an allowance of their own
    reconnects        30 in any hour
    bytes         64,800 in any hour, 523,600 in any day: all that is handed to the socket, with what TLS adds

Each is an allowance that gains at a steady pace up to what it can hold; what it holds and what it gains in an hour or
day are together the ceiling. When one runs low, kinds are shed one after the other, because each leaves a part of every
allowance to the kinds before it: diagnostics go first and the state of the lock last, which nothing else can starve.

No clock: `now_s` is the controller's uptime in seconds. A jump forward fills the allowances and no more, a step back
gains nothing. Not protected against: a controller that resets again and again, as each time all of them are full.
"""

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

# Kinds of what is sent, the first to be shed last.
LOCK_STATE = const(0)
UPKEEP = const(1)  # PINGREQ, SUBSCRIBE, DISCONNECT: without them the session ends
REPLY = const(2)
RECONNECT = const(3)  # a handshake and CONNECT
VEHICLE_STATE = const(4)
EVENT = const(5)
ACKNOWLEDGEMENT = const(6)  # PUBACK: the broker says how many, so they go early
DIAGNOSTIC = const(7)
KINDS = const(8)

# Percent of every shared allowance that a kind leaves to the kinds before it: 0, 20, 25, 30, 40, 55, 62, 80.
# Diagnostics find little that is saved up: what makes one controller talkative makes a whole fleet so, at one moment.
_LEAVES = b"\x00\x14\x19\x1e\x28\x37\x3e\x50"

# Allowances. Those that count gain a second in a second, and what is counted costs seconds.
_HOUR_PUBLISHES = const(0)  # 20 at once, then one in 90 s: 60 in an hour
_DAY_PUBLISHES = const(1)  # 192 at once, then one in 300 s: 480 in a day
_REPLIES = const(2)  # 10 at once, then one in 360 s: 20 in an hour
_RECONNECTS = const(3)  # 10 at once, then one in 180 s: 30 in an hour
_HOUR_BYTES = const(4)  # 18,000 at once, then 13 in a second: 64,800 in an hour
_DAY_BYTES = const(5)  # 178,000 at once, then 4 in a second: 523,600 in a day
_ALLOWANCES = const(6)

_HOLDS = (1_800, 57_600, 3_600, 1_800, 18_000, 178_000)
_GAINS = (1, 1, 1, 1, 13, 4)
_COSTS = (90, 300, 360, 180, 0, 0)  # 0: its size
_LONGEST_GAIN_S = const(57_600)  # by then all are full

# Which allowances a kind is paid from, a bit for each, and which are shared by several kinds.
_PAYS = b"\x33\x30\x34\x38\x33\x33\x30\x33"
_SHARED = const(0x33)

# How much the link may find worth telling; what of it is sent stays under the ceiling at every level.
SPARSE = const(0)
NORMAL = const(1)
DETAILED = const(2)
MAXIMUM = const(3)
_LONGEST_VERBOSITY_S = const(3_600)  # long enough to look at a fault, and then it ends by itself

_LONGEST_QUIET_S = const(86_400)  # whoever wants more must say so again, and so must still be there

# Upper ends of the wait before a connection: the first after a boot, then after a loss. When 10,000 controllers lose
# their broker at one moment, 33 come back in a second, and more only while first and second tries overlap.
_WAITS_S = (10, 300, 600, 900)
_FIRST_LOSS = const(1)
_LAST_WAIT = const(3)
_LONG_S = const(600)  # a connection that has lasted this long makes the next loss a first one


class Governor:
    """Asked before anything is sent; what it grants counts as sent."""

    def __init__(self, record_len: int = 0, wait_percent: int = 100) -> None:
        """record_len: what TLS adds to a packet. wait_percent: 100 in a fleet, less where the broker is one's own."""
        self._record_len = record_len
        self._wait_percent = wait_percent
        self._levels = list(_HOLDS)
        self._filled_s = 0
        self._unsent = [0] * KINDS
        self._verbosity = NORMAL
        self._verbose_until_s = 0
        self._quiet_until_s = 0
        self._wait = 0  # index of the next one
        self._connected_s = -1  # since when, -1 for not

    def may(self, kind: int, size: int, now_s: int) -> bool:
        """May `size` bytes of this kind be sent now? True takes them out of the allowances, False takes nothing."""
        self._fill(now_s)
        if kind >= VEHICLE_STATE and kind != ACKNOWLEDGEMENT and self.is_quiet(now_s):
            return False
        size += self._record_len
        for allowance in range(_ALLOWANCES):
            if _PAYS[kind] >> allowance & 1:
                leaves = _HOLDS[allowance] * _LEAVES[kind] // 100 if _SHARED >> allowance & 1 else 0
                if self._levels[allowance] - (_COSTS[allowance] or size) < leaves:
                    return False
        for allowance in range(_ALLOWANCES):
            if _PAYS[kind] >> allowance & 1:
                self._levels[allowance] -= _COSTS[allowance] or size
        return True

    def count(self, kind: int) -> None:
        """One more of this kind was not sent; all of them are told of at once, later."""
        self._unsent[kind] += 1

    def unsent(self, kind: int) -> int:
        """How many of this kind were not sent and not told of."""
        return self._unsent[kind]

    def told(self, kind: int, number: int) -> None:
        """`number` of them have been told of."""
        self._unsent[kind] = max(0, self._unsent[kind] - number)

    def set_verbosity(self, level: int, for_s: int, now_s: int) -> None:
        """Change the level for a time, an hour at most. It changes what is worth telling and no ceiling."""
        self._verbosity = min(max(level, SPARSE), MAXIMUM)
        self._verbose_until_s = now_s + min(for_s, _LONGEST_VERBOSITY_S)

    def verbosity(self, now_s: int) -> int:
        """SPARSE to MAXIMUM; NORMAL again once the time is over."""
        return self._verbosity if 0 < self._verbose_until_s - now_s <= _LONGEST_VERBOSITY_S else NORMAL

    def set_quiet(self, for_s: int, now_s: int) -> None:
        """The server asks for silence: of all publishes only LOCK_STATE and REPLY, for a day at most; 0 ends it."""
        self._quiet_until_s = now_s + min(for_s, _LONGEST_QUIET_S)

    def is_quiet(self, now_s: int) -> bool:
        return 0 < self._quiet_until_s - now_s <= _LONGEST_QUIET_S

    def reconnect_delay_ms(self, fill: "Callable[[bytearray], object]") -> int:
        """How long to wait before the next connection, 0 to 900,000; asked once for each. `fill` draws random bytes."""
        drawn = bytearray(4)
        fill(drawn)
        longest_ms = _WAITS_S[self._wait] * 10 * self._wait_percent
        self._wait = min(self._wait + 1, _LAST_WAIT)
        self._connected_s = -1
        return int.from_bytes(drawn, "big") * (longest_ms + 1) >> 32

    def connected(self, now_s: int) -> None:
        """The broker has accepted the session."""
        self._connected_s = now_s

    def connected_long(self, now_s: int) -> bool:
        """Has the session lasted ten minutes? Then the waits begin anew. Ask while it lasts, or when it is lost."""
        if self._connected_s < 0 or now_s - self._connected_s < _LONG_S:
            return False
        self._wait = _FIRST_LOSS
        return True

    def _fill(self, now_s: int) -> None:
        passed_s = min(now_s - self._filled_s, _LONGEST_GAIN_S)
        self._filled_s = now_s
        if passed_s > 0:
            for allowance in range(_ALLOWANCES):
                gained = self._levels[allowance] + passed_s * _GAINS[allowance]
                self._levels[allowance] = min(gained, _HOLDS[allowance])
