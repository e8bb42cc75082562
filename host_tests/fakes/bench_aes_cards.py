"""AES cards for a controller on the bench: as sold, enrolled long ago, or doing something at chosen moments."""

from latchkey.credentials import entries
from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record
from plain_aes_card import AesCard

_ENROLLED = 320  # as fakes.bench


def uid_of(number):
    return b"\x04\xae\x5c\x00\x00" + number.to_bytes(2, "big")


def key_of(number):
    return b"\xa5" * 14 + number.to_bytes(2, "big")


def aes_card(number, **given):
    """AES card number 1 to 65,535 as it is sold."""
    return AesCard(uid_of(number), **given)


def enrolled_aes_card(bench, number, role, card=None):
    """Put an AES card with a key of its own into the list, as if enrolled and used long ago; returns it."""
    card = card or aes_card(number)
    card.keys[0], card.versions[0] = key_of(number), 1
    _add(bench, number, role, card, entries.SETTLED)
    return card


def waiting_aes_card(bench, number, role, card):
    """Put a card as sold into the list, as if enrolled and never used: it has yet to get its key."""
    _add(bench, number, role, card, entries.PENDING)


def _add(bench, number, role, card, state):
    registry = Registry(Record(bench.disk.mount() + "/keys"), bench.marks, _ENROLLED)
    registry.load()
    steps = registry.add_steps(entries.card_name(card.own_uid), role, entries.AES_CARD, key_of(number), state)
    for _ in steps:
        pass
    if registry.find_aes_card(card.own_uid) < 0:
        raise AssertionError("not enrolled")


class ActingAesCard(AesCard):
    """acts: {APDU, counted from 1 since it was activated: function without arguments}, called before it is answered."""

    def __init__(self, number, acts):
        self.acts = acts
        self.heard = []  # every APDU
        self._apdus = 0
        super().__init__(uid_of(number))

    def activated(self):
        super().activated()
        self._apdus = 0

    def transceive(self, apdu):
        self._apdus += 1
        self.heard.append(bytes(apdu))
        if self._apdus in self.acts:
            self.acts[self._apdus]()
        return super().transceive(apdu)
