"""The RF field: which cards lie in it and in which state each of them is (ISO 14443-3 type A, simplified).

Idle cards answer a request (REQA), halted ones only a wake-up (WUPA), and an activated card takes a request for an
error: it says nothing and goes idle again, or back to halt if it had been woken from there. Losing the field resets
every card. Not modelled: collisions (of several cards the one that was put down first wins), bit rates, distance.
"""

IDLE = 0
ACTIVE = 1
HALT = 2


class Card:
    """What lies in the field. Inherit from it or imitate it.

    uid 4, 7 or 10 bytes; atqa 2 bytes, most significant first; sak 1 byte as int; ats with its length byte, b"" when
    the card does no ISO 14443-4 (SAK without 0x20).
    """

    uid = b""
    atqa = b"\x00\x44"
    sak = 0x20
    ats = b"\x05\x78\x77\x91\x02"  # the plastic key card: FSCI 8, FWI 9, SFGI 1, CID supported

    def activated(self) -> None:
        """Forget which application was selected: the card has been powered up or selected anew. Optional."""

    def transceive(self, apdu: bytes) -> "tuple[bytes, int] | None":
        """Answer an APDU: the whole R-APDU and the time in ms the card takes over it.

        An empty R-APDU is a card that does not answer. None: the answer comes later, ask late_answer() for it.
        """
        raise NotImplementedError

    def late_answer(self) -> "tuple[bytes, int] | None":
        """Answer to the last APDU if transceive gave None: None while it is not there, else as transceive."""
        raise NotImplementedError


class Tag(Card):
    """A plain tag such as an NTAG213: a UID and nothing else."""

    sak = 0x00
    ats = b""

    def __init__(self, uid: bytes) -> None:
        self.uid = uid

    def transceive(self, apdu: bytes) -> "tuple[bytes, int] | None":
        """Stay silent: this tag understands no command that the model can carry."""
        return b"", 0


class Seat:
    """One card in the field and its state; woken says that it came out of HALT and will fall back into it."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.state = IDLE
        self.woken = False

    def activate(self, woken: bool) -> None:
        """Anticollision, select and RATS have succeeded."""
        self.state = ACTIVE
        self.woken = woken
        if hasattr(self.card, "activated"):
            self.card.activated()

    def disturb(self) -> None:
        """An activated card has heard something it did not expect."""
        self.state = HALT if self.woken else IDLE


class Field:
    """The cards in reach of the antenna."""

    def __init__(self) -> None:
        self.on = False
        self.seats: list[Seat] = []

    def put(self, card: Card) -> None:
        """Lay a card down; a card that lies there already stays as it is."""
        if not any(seat.card is card for seat in self.seats):
            self.seats.append(Seat(card))

    def take_away(self, card: Card) -> None:
        """Take a card away, whatever it was doing."""
        self.seats = [seat for seat in self.seats if seat.card is not card]

    def switch(self, on: bool) -> None:
        """Switch the carrier; without it all cards lose their power."""
        self.on = on
        if not on:
            for seat in self.seats:
                seat.state = IDLE
                seat.woken = False

    def request(self) -> "list[Seat]":
        """REQA: give the idle seats; active ones fall silent and have to be asked once more."""
        idle = [seat for seat in self.seats if seat.state == IDLE]
        for seat in self.seats:
            if seat.state == ACTIVE:
                seat.disturb()
        return idle

    def answers(self, seat: "Seat | None") -> bool:
        """Say whether a seat that was activated once still answers."""
        return self.on and seat is not None and seat in self.seats and seat.state == ACTIVE
