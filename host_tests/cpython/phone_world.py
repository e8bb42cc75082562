"""A vehicle that phones reach through bytes alone: the firmware's protocol behind a byte pipe, with a lock of one bit.

World.connection() is one radio link: write() takes what a client writes, in whatever pieces, and gives back the chunks
that the vehicle sends. Verdicts are the test's to set; the tables between orders, actions and verdicts are the links'.
"""

from fakes.phone import Keys
from latchkey.core import codes
from latchkey.credentials.entries import short_id
from latchkey.credentials.identity import shared_key
from latchkey.crypto import p256
from latchkey.links import phone_orders
from latchkey.protocol import vehicle_command_answer as answers
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.vehicle_command import Dialogue
from latchkey.protocol.vehicle_command_frame import Frame
from latchkey.protocol.vehicle_command_reply import Path
from latchkey.protocol.vehicle_command_sessions import Sessions


class World:
    """`done`: actions that were carried out, but for setting the clock. `verdicts`: action -> refusal. `shown`: a key
    that asks to be enrolled. `rows`: number -> [generation, id, kind, role, state, window], what an owner is told.
    """

    def __init__(self, vin, private, chunk=20):
        self.keys = Keys(vin, p256.public(private))
        self.chunk = chunk
        self.verdicts = {}
        self.done = []
        self.rows = {}
        self.told_s = []  # what phones have said of the time
        self.locked = True
        self.cloud = 0, 0  # what a status says of it, and for how many seconds
        self.shown = None
        self.shown_path = Path()
        self.roles = {}
        self.to_all = True  # whether strangers are told who this is
        self._private = private
        self.boot()

    def boot(self):
        """A new start: new epoch, counters at zero; keys stay."""
        self.sessions = Sessions(self.keys)
        self.dialogue = Dialogue(self.keys, self.sessions)

    def enrol(self, slot, key64, role=codes.OWNER):
        k = bytearray(16)
        shared_key(p256.shared(self._private, key64), k)
        self.keys.enrol(slot, key64, k)
        self.roles[slot] = role

    def connection(self):
        return Connection(self)

    def answer(self, order):
        """What a link does with an order."""
        dialogue, voice = self.dialogue, self.dialogue.voice
        action = phone_orders.action_of(order)
        if order == orders.NOTHING:
            return
        if order == orders.STRANGER:
            self._meet()
        elif order == orders.STATUS:
            voice.status(self._status())
        elif order == orders.KEY_LIST:
            voice.key_list([(slot, short_id(key)) for slot, (key, _) in sorted(self.keys.slots.items())])
        elif order == orders.KEY_ENTRY:
            self._tell_entry()
        elif order == orders.SHOW_KEY:
            self.shown = (bytes(dialogue.order.key), dialogue.order.role, dialogue.order.form)
            self.shown_path.copy(voice.path)
            if not voice.path.addressed:
                voice.broadcast_wait()
        elif order == orders.TELL_KEY and self.rows is not None:
            self._tell_row(dialogue.order.values[0])
        elif order >= orders.SUSPEND_KEY:
            self._change_row(order)
        elif order in (orders.ADD_KEY, orders.REMOVE_KEY):
            self._change(order)
        elif order == orders.CHANGE_KEY:
            voice.key_change(numbers.NO_PERMISSION_TO_CHANGE)
        else:
            verdict = self.verdicts.get(action, codes.ACCEPTED)
            if action == codes.SET_CLOCK:
                self.told_s.append(dialogue.order.values[0])
            elif codes.is_accepted(verdict):
                self.done.append((action, dialogue.slot))
                self.locked = {codes.LOCK: True, codes.UNLOCK: False}.get(action, self.locked)
            phone_orders.answer(voice, verdict)

    def _tell_row(self, first):
        found = min([number for number in self.rows if number >= first], default=None)
        if found is None:
            self.dialogue.voice.key_change(numbers.NOT_ON_LIST)
        else:
            row = self.rows[found]
            self.dialogue.voice.own_key((found, *row[:5], *row[5]))

    def _change_row(self, order):
        number, generation, from_s, until_s, flags = self.dialogue.order.values
        verdict = self.verdicts.get(phone_orders.action_of(order), codes.ACCEPTED)
        row = self.rows[number]
        if row[0] != generation:
            verdict = codes.STALE
        if codes.is_accepted(verdict):
            row[0] += 1
            if order == orders.REVOKE_NUMBER:
                del self.rows[number]
            elif order == orders.LIMIT_KEY:
                row[5] = ((from_s + 59) // 60, until_s // 60, flags) if until_s else (0, 0, 0)
            else:
                row[4] = 2 if order == orders.SUSPEND_KEY else 1
        self.dialogue.voice.key_change(phone_orders.information_of(verdict, False))

    def confirm(self, slot, signer=b"\x01\x02\x03\x04"):
        """An owner's card confirms the key that was shown; returns what is sent."""
        self.enrol(slot, self.shown[0], self.shown[1])
        self.dialogue.voice.later_key_change(self.shown_path, numbers.KEY_LIST_CHANGED, signer)
        return self.sent()

    def sent(self):
        """All replies that wait, cut into chunks; a new reply begins a new chunk."""
        out = self.dialogue.voice.out
        chunks = []
        for index in range(out.count):
            frame = bytes(out.frame(index))
            chunks += [frame[at : at + self.chunk] for at in range(0, len(frame), self.chunk)]
        return chunks

    def _meet(self):
        voice = self.dialogue.voice
        if not self.to_all:
            voice.refuse(numbers.UNKNOWN_KEY_ID)
            return
        k = bytearray(16)
        shared_key(p256.shared(self._private, bytes(self.dialogue.order.key)), k)
        path = Path()
        path.copy(voice.path)
        voice.introduce(path, k)

    def _status(self):
        now = answers.Status()
        now.lock = answers.LOCKED if self.locked else answers.UNLOCKED
        now.cloud, now.cloud_s = self.cloud
        return now

    def _tell_entry(self):
        order, voice = self.dialogue.order, self.dialogue.voice
        for slot, (key, _) in self.keys.slots.items():
            known = short_id(key)
            if order.slot == slot or (order.has_id and order.key_id == known) or (order.has_key and order.key == key):
                voice.key_entry(slot, key, known, self.roles[slot], 9)
                return
        voice.key_change(numbers.NOT_ON_LIST)

    def _change(self, order):
        wanted, voice = self.dialogue.order, self.dialogue.voice
        found = self.keys.find(wanted.key)
        signer = short_id(self.keys.slots[self.dialogue.slot][0])
        if self.roles[self.dialogue.slot] != codes.OWNER:
            verdict = codes.NOT_PERMITTED
        elif order == orders.ADD_KEY:
            verdict = codes.ACCEPTED if found < 0 else codes.ALREADY_ENROLLED
            if not verdict:
                self.enrol(min(set(range(32)) - set(self.keys.slots)), bytes(wanted.key), wanted.role)
        else:
            verdict = codes.ACCEPTED if found >= 0 else codes.NO_SUCH_KEY
            if not verdict:
                del self.keys.slots[found]
                self.sessions.forget(found)
        voice.key_change(phone_orders.information_of(verdict, order == orders.ADD_KEY), signer)


class Connection:
    """One radio link."""

    def __init__(self, world):
        self._world = world
        self._frame = Frame()
        self.messages = []

    def write(self, data, idle_ms=0):
        """Take a chunk; returns the chunks that answer it."""
        sent = []
        self._frame.begin(data, idle_ms)
        while self._frame.next():
            self.messages.append(bytes(self._frame.message))
            self._world.answer(self._world.dialogue.handle(self._frame.message))
            sent += self._world.sent()
        return sent
