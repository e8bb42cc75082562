"""Keys that want to be added, and owners' phones that remove or change some: asked for here, decided at the car.

What becomes of either is known later, an owner's tap or a write to flash later, and told to whoever asked. Adding is
never done over the cloud.
"""

from micropython import const

from latchkey.core import codes
from latchkey.core.request import NOBODY
from latchkey.credentials import entries
from latchkey.credentials.recognition import recognise
from latchkey.crypto import p256
from latchkey.links import phone_orders
from latchkey.links.owed import Owed, deliver
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.vehicle_command_reply import NO_SLOT

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.core.request import Request
    from latchkey.crypto.entropy import Entropy
    from latchkey.links.notes import Notes
    from latchkey.links.owed import Client
    from latchkey.protocol.vehicle_command import Dialogue
    from latchkey.vehicle import Vehicle


class KeyChanges:
    """request: the responder's, filled with whoever has signed the message at hand."""

    def __init__(
        self, vehicle: "Vehicle", entropy: "Entropy", dialogue: "Dialogue", request: "Request", notes: "Notes"
    ) -> None:
        self._vehicle = vehicle
        self._entropy = entropy
        self._dialogue = dialogue
        self._request = request
        self._notes = notes
        self._shown = Owed()
        self._endings = 0
        self._removed = Owed()
        self._remover_id = b""

    def waits_for(self, client: "Client") -> bool:
        """The client has shown the key that an owner's card is about to confirm, or has an answer to get."""
        return self._shown.is_for(client) or self._removed.is_for(client)

    def show(self, client: "Client", signed: bool) -> None:
        """A key asks to be added, by itself or by an owner's phone: it counts while an owner holds enrolment open."""
        dialogue, vehicle, request = self._dialogue, self._vehicle, self._request
        order, voice = dialogue.order, dialogue.voice
        refusal = self._cannot_show(signed)
        if not refusal:
            request.key_id[:] = entries.short_id(order.key)
            request.credential = NOBODY
            refusal = vehicle.show_phone(request, order.key, order.role, order.form)
        if refusal != codes.KEY_PINNED:
            self._note(refusal)
            voice.key_change(phone_orders.information_of_adding(refusal, order.role))
            return
        if not self._shown.is_another_s(client, order.key):  # else whoever repeats it would take its answer away
            self._shown.keep(client, voice.path, order.key, request.generation)
        self._endings = vehicle.custody.endings
        if not voice.path.addressed:
            voice.broadcast_wait()

    def change(self, client: "Client", kind: int) -> None:
        """A signed wish to revoke, suspend, admit or limit a key. kind: of order."""
        vehicle, request, voice = self._vehicle, self._request, self._dialogue.voice
        registry, order = vehicle.registry, self._dialogue.order
        values = order.values
        target = registry.find(order.key) if kind == orders.REMOVE_KEY else values[0]
        request.action = phone_orders.action_of(kind)
        request.argument = target
        request.window = (values[2], values[3], values[4]) if any(values[2:]) else None
        signer_id = bytes(request.key_id)
        owner = self._is_owner()
        if owner and self._removed.asker() is not None:  # his answer is due in this turn
            voice.key_change(phone_orders.information_of(codes.BUSY, False), signer_id)
            return
        if owner and target == request.credential:
            vehicle.refuse(request, codes.NOT_PERMITTED)
            voice.key_change(numbers.CANNOT_REMOVE_ONESELF, signer_id)
            return
        known = registry.condition(target) == entries.ACTIVE or registry.condition(target) == entries.SUSPENDED
        if owner and not known:
            verdict = vehicle.refuse(request, codes.NO_SUCH_KEY)
        elif owner and kind != orders.REMOVE_KEY and registry.entry_generation(target) != values[1]:
            verdict = vehicle.refuse(request, codes.STALE)
        else:
            verdict = vehicle.request(request)
        if not codes.is_accepted(verdict):
            voice.key_change(phone_orders.information_of(verdict, False), signer_id)
            return
        self._removed.keep(client, voice.path, order.key, request.generation)
        self._remover_id = signer_id

    def work(self) -> None:
        """Give the answers that have become known."""
        custody = self._vehicle.custody
        if self._shown.client is not None and custody.endings != self._endings:
            self._tell(self._shown, phone_orders.information_of_ending(custody.ending), bytes(custody.opener_id))
        if self._removed.client is not None and not custody.is_writing():
            self._tell(self._removed, phone_orders.information_of(custody.removal, False), self._remover_id)

    def _tell(self, owed: Owed, information: int, signer_id: bytes) -> None:
        client, owed.client = owed.asker(), None
        if client is not None and not self._has_changed(owed):
            self._dialogue.voice.later_key_change(owed.path, information, signer_id)
            deliver(self._dialogue, client)

    def _has_changed(self, owed: Owed) -> bool:
        """The key to encrypt for is gone, or another one has its slot."""
        registry, slot = self._vehicle.registry, owed.path.slot
        return slot != NO_SLOT and registry.entry_generation(registry.number_in(slot)) != owed.generation

    def _note(self, refusal: int) -> None:
        if refusal != codes.KEY_CONFLICT:  # which the vehicle has told
            self._request.action = codes.CONFIRM_KEY
            self._notes.refuse(self._request, refusal)

    def _cannot_show(self, signed: bool) -> int:
        """Why this key does not even come before the custody of keys, ACCEPTED where it does."""
        vehicle = self._vehicle
        if self._request.source == codes.CLOUD or (signed and not self._is_owner()):
            return codes.NOT_PERMITTED  # keys come in at the car
        if not vehicle.custody.wants_keys() or vehicle.custody.claims():
            return codes.ENROLMENT_CLOSED
        if self._entropy.stuck:
            return codes.NO_ENTROPY
        return codes.ACCEPTED if p256.on_curve(self._dialogue.order.key) else codes.BAD_POINT

    def _is_owner(self) -> bool:
        """The message is signed by an owner's key that counts on this link."""
        registry, request = self._vehicle.registry, self._request
        return registry.role(request.credential) == codes.OWNER and not recognise(
            registry, request, self._vehicle.now_min
        )
