"""The reader of the simulator's own: the PN532 model, and the wallet of software cards that can be laid on it.

It has a slot besides, in which another program can put any virtual card that speaks vpcd (vpcd_slot.py).
"""

from latchkey_tools.cards import Wallet, WalletError
from latchkey_tools.pn532_server import ReaderField
from latchkey_tools.simulator.reader import Reader, ReaderError
from latchkey_tools.vpcd_slot import CardSlot

_ABOUT = {
    "plastic": "key card",
    "gauss": "open applet, phone or watch",
    "slow": "key card that needs 0.9 s",
    "clone": "copied public key, no private one",
    "aes": "AES card, NTAG 424 DNA",
    "desfire": "AES card, DESFire EV3",
    "hidden": "AES card, another number at each tap",
    "lrp": "AES card in LRP mode",
    "foreign": "AES card with somebody else's key",
    "bank": "payment card",
    "tag": "a number and nothing else",
}


class SimulatedReader(Reader):
    """`field` and `slot` must have been started."""

    def __init__(self, field: ReaderField, slot: CardSlot, wallet: Wallet) -> None:
        super().__init__("simulated", f"127.0.0.1:{field.port}")
        self._field = field
        self._slot = slot
        self._wallet = wallet
        self._fault = "none"

    def addresses(self) -> dict[str, str]:
        return {"card slot": f"127.0.0.1:{self._slot.port}"}

    def cards(self) -> list[dict[str, object]]:
        lying = self._field.cards
        wallet = [(name, self._wallet[name]) for name in self._wallet.names]
        return [
            {
                "name": name,
                "label": name,
                "kind": card.kind,
                "about": _ABOUT.get(card.kind, card.kind),
                "id": "" if card.kind == "clone" else card.short_id,  # it would pass for the card it copies
                "in_field": card in lying,
            }
            for name, card in wallet
        ]

    def snapshot(self) -> dict[str, object]:
        return {**super().snapshot(), "fault": self._fault, "slot": self._slot.card is not None}

    def answered_s(self) -> float | None:
        return self._field.answered_s

    def make(self, kind: str) -> None:
        try:
            self._wallet.make(kind)
        except (WalletError, OSError) as error:
            raise ReaderError(str(error)) from None

    def put(self, name: str) -> None:
        self._field.put(self._wallet[name])

    def take_away(self, name: str) -> None:
        self._field.take_away(self._wallet[name])

    def fault(self, name: str) -> None:
        self._field.clear_faults()
        self._fault = name
        if name != "none":
            self._field.fault(name, -1)

    def reset(self) -> None:
        self._field.reset()

    def power_cycle(self) -> None:
        self._field.power_cycle()
