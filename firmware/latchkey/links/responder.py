"""Answers phones and cloud keys: an order of the vehicle-command protocol becomes a request, its verdict a reply.

Used by every link that speaks the protocol; there is one for all of them, because counters and epoch are the vehicle's
and not a link's. A client is whatever the link holds for one connection: `source` (codes.PHONE or CLOUD), `proven` (it
has signed as a key of that kind, which still counted when the client last spoke or was told something), and then
`credential` and `generation` of that key, `send(frame) -> bool`, which never waits, `serial`, which changes when the
connection does, and `connected`.

    handle(client, message)     one message; replies have been handed to client.send() when it returns
    work(may_compute)           every few ms: what became of a key that was shown or removed, one slice for a stranger

Who may read what without a signature: anyone the lock and the closures; the list of keys only a client that has proved
itself, or anyone while an owner holds enrolment open. Adding a key is asked for here and decided at the car.

The cloud is told less. Whoever names no key of this vehicle hears nothing. A signature may be 30 s old at most, and of
the list of keys there is nothing to read or to change.

Strangers are told where there is time for it (strangers.py); refusals of strangers reach light and journal at a bounded
rate (notes.py).
"""

import gc
import time

from micropython import const

from latchkey.core import codes
from latchkey.core.request import Request
from latchkey.credentials import entries
from latchkey.links import phone_orders, phone_view
from latchkey.links.key_changes import KeyChanges
from latchkey.links.notes import Notes
from latchkey.links.owed import deliver
from latchkey.links.phone_keys import PhoneKeys
from latchkey.links.strangers import Strangers
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.vehicle_command import Dialogue
from latchkey.protocol.vehicle_command_answer import Status
from latchkey.protocol.vehicle_command_check import LIFETIME_S
from latchkey.protocol.vehicle_command_sessions import Sessions

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock
    from latchkey.credentials.identity import Identity
    from latchkey.crypto.entropy import Entropy
    from latchkey.links.owed import Client
    from latchkey.vehicle import Vehicle


_NOBODY = const(-1)
_CLOUD_LIFETIME_S = const(30)  # a broker can hold a message back for as long as it is good


# Orders that the cloud may not give, whoever has signed them.
_OF_KEYS = (
    orders.STRANGER,
    orders.KEY_LIST,
    orders.KEY_ENTRY,
    orders.SHOW_KEY,
    orders.ADD_KEY,
    orders.REMOVE_KEY,
    orders.CHANGE_KEY,
    orders.TELL_KEY,
    orders.SUSPEND_KEY,
    orders.ADMIT_KEY,
    orders.LIMIT_KEY,
    orders.REVOKE_NUMBER,
)


class Responder:
    """keys_public: the owner lets anyone in reach read the list of keys."""

    def __init__(
        self,
        vehicle: "Vehicle",
        identity: "Identity",
        entropy: "Entropy",
        clock: "Clock" = time,
        keys_public: bool = False,
    ) -> None:
        """identity: READY."""
        self.names_key = False  # the message handled last names an enrolled key, whether or not it proves that
        self._vehicle = vehicle
        self._keys_public = keys_public
        keys = PhoneKeys(identity, vehicle, entropy)
        self._sessions = Sessions(keys)
        self._dialogue = Dialogue(keys, self._sessions)
        self._request = Request(codes.PHONE)
        self._status = Status()
        self._slots = [0] * entries.SLOTS  # entry generation of the key in each slot, as the sessions know it
        self._generation = _NOBODY
        self._notes = Notes(vehicle, clock)
        self._changes = KeyChanges(vehicle, entropy, self._dialogue, self._request, self._notes)
        self._strangers = Strangers(identity, self._dialogue, clock)

    # For links

    def handle(self, client: "Client", message: memoryview) -> bool:
        """Take one message and answer it; False where it was rubbish. Never raises for what a client sends.

        Without memory there is no answer, and the client asks again.
        """
        try:
            return self._handle(client, message)
        except MemoryError:
            gc.collect()
            self._dialogue.clear()
            return True

    def _handle(self, client: "Client", message: memoryview) -> bool:
        self._forget_changed_slots()
        dialogue = self._dialogue
        by_cloud = client.source == codes.CLOUD
        dialogue.limit_lifetime(_CLOUD_LIFETIME_S if by_cloud else LIFETIME_S)
        dialogue.voice.once = by_cloud
        kind = dialogue.handle(message)
        self.names_key = dialogue.claimed != _NOBODY
        if by_cloud and not self.names_key:
            dialogue.clear()  # whoever that is: no answer, no light, no line in the journal
            return False
        if dialogue.fault:
            self._note_fault(client, dialogue.fault)
        if kind != orders.NOTHING:
            self._recognise(client)
            if by_cloud:
                self._answer_cloud(client, kind)
            else:
                self._answer(client, kind)
        sensible = kind != orders.NOTHING or dialogue.voice.out.count > 0
        deliver(self._dialogue, client)
        return sensible

    def still_knows(self, client: "Client") -> bool:
        """The key as which a client has proved itself is what it was then, and still counts. Allocates nothing."""
        request = self._request
        request.clear()
        request.source = client.source
        request.credential = client.credential
        request.generation = client.generation
        return client.proven and not self._vehicle.verdict_on(request)

    @property
    def computes(self) -> bool:
        """An answer to a stranger is under way."""
        return self._strangers.waiting

    def waits_for(self, client: "Client") -> bool:
        """The client has shown the key that an owner's card is about to confirm, or has an answer to get."""
        return self._changes.waits_for(client)

    def work(self, may_compute: bool) -> None:
        """Give the answers that are owed and have become known, and compute one slice where may_compute."""
        self._forget_changed_slots()
        self._changes.work()
        if may_compute:
            self._strangers.work()

    def tell_status(self, client: "Client") -> None:
        """Send the present state unasked to whoever has signed, if that key still counts."""
        client.proven = self.still_knows(client)
        if not client.proven:
            return
        phone_view.look(self._vehicle, self._status, True)
        self._dialogue.voice.broadcast_status(self._status)
        deliver(self._dialogue, client)

    # Orders

    def _recognise(self, client: "Client") -> None:
        """Fill the request with whoever has signed the message; the client has proved itself if that key counts."""
        dialogue, request, registry = self._dialogue, self._request, self._vehicle.registry
        client.proven = self.still_knows(client)
        request.clear()
        request.source = client.source
        if dialogue.slot == _NOBODY:
            return
        number = registry.number_in(dialogue.slot)
        request.credential = number
        request.generation = registry.entry_generation(number)
        request.key_id[:] = entries.short_id(dialogue.key)
        client.proven = not self._vehicle.verdict_on(request)
        if client.proven:
            client.credential = number
            client.generation = request.generation

    def _answer_cloud(self, client: "Client", kind: int) -> None:
        """What the cloud may ask: the state, and what is a request to the vehicle; of keys nothing."""
        if self._dialogue.slot == _NOBODY or kind in _OF_KEYS:
            self._dialogue.voice.refuse(numbers.INSUFFICIENT_PRIVILEGES)
        else:
            self._answer(client, kind)

    def _answer(self, client: "Client", kind: int) -> None:
        voice = self._dialogue.voice
        action = phone_orders.action_of(kind)
        if kind == orders.STRANGER:
            self._strangers.greet(client, self._vehicle.custody.is_writing())
        elif kind == orders.STATUS:
            phone_view.look(self._vehicle, self._status, client.proven)
            voice.status(self._status)
        elif kind == orders.TELL_KEY:
            self._tell_key(client)
        elif kind == orders.KEY_LIST or kind == orders.KEY_ENTRY:
            self._tell_keys(client, kind)
        elif kind == orders.SHOW_KEY or kind == orders.ADD_KEY:
            self._changes.show(client, kind == orders.ADD_KEY)
        elif kind == orders.REMOVE_KEY or kind >= orders.SUSPEND_KEY:
            self._changes.change(client, kind)
        elif kind == orders.CHANGE_KEY:
            voice.key_change(numbers.NO_PERMISSION_TO_CHANGE)
        else:
            self._request.action = action
            self._request.argument = self._dialogue.order.values[0]
            phone_orders.answer(voice, self._vehicle.request(self._request))

    def _tell_keys(self, client: "Client", kind: int) -> None:
        voice, vehicle = self._dialogue.voice, self._vehicle
        enrolling = vehicle.custody.wants_keys() and not vehicle.custody.claims()
        if not (client.proven or enrolling or self._keys_public):
            voice.refuse(numbers.INSUFFICIENT_PRIVILEGES)
        elif kind == orders.KEY_LIST:
            phone_view.tell_list(voice, vehicle.registry)
        else:
            phone_view.tell_entry(voice, vehicle.registry, self._dialogue.order)

    def _tell_key(self, client: "Client") -> None:
        """Cards and who they are for: to owners alone."""
        registry = self._vehicle.registry
        if client.proven and registry.role(self._request.credential) == codes.OWNER:
            phone_view.tell_key(self._dialogue.voice, registry, self._dialogue.order)
        else:
            self._dialogue.voice.refuse(numbers.INSUFFICIENT_PRIVILEGES)

    def _forget_changed_slots(self) -> None:
        """What the sessions know of a key ends with the key, whoever has removed or replaced it."""
        registry = self._vehicle.registry
        if registry.generation == self._generation:
            return
        for slot in range(entries.SLOTS):
            entry_generation = registry.entry_generation(registry.number_in(slot))
            if entry_generation != self._slots[slot]:
                self._slots[slot] = entry_generation
                if self._generation != _NOBODY:
                    self._sessions.forget(slot)
        self._generation = registry.generation

    def _note_fault(self, client: "Client", fault: int) -> None:
        """Wrong proofs and unknown keys are told at the car; what a client mends by itself is not worth a word."""
        if fault == numbers.UNKNOWN_KEY_ID or fault == numbers.INVALID_SIGNATURE:
            self._request.clear()
            self._request.source = client.source
            if self.names_key:
                self._request.key_id[:] = entries.short_id(self._dialogue.key)
            verdict = codes.UNKNOWN_KEY if fault == numbers.UNKNOWN_KEY_ID else codes.WRONG_ANSWER
            self._notes.refuse(self._request, verdict)
