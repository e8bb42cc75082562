"""What the PN532 says about a card it has listed: D5 4B NbTg [Tg ATQA(2) SAK len UID [ATS]] (UM0701-02 §7.3.5).

Only type A at 106 kbit/s. Whether a card speaks ISO 14443-4 is decided by SAK bit 0x20 and by nothing else; the ATQA is
no type. The ATS begins with its own length and may be missing.

A UID is no credential: anyone can make a card with any UID. It serves to tell cards in the field apart.
"""

from micropython import const

from latchkey.drivers.pn532_error import BAD_ANSWER, Pn532Error

_SAK_ISO_DEP = const(0x20)
_RANDOM_UID = const(0x08)  # first byte of a 4-byte UID that is drawn anew at every power-up (ISO 14443-3 §6.5.4)
_LONGEST_UID = const(10)


class Card:
    """A card in the field, as its listing describes it."""

    def __init__(self) -> None:
        self.target = 0  # number the chip gave it
        self.uid = b""
        self.atqa = 0
        self.sak = 0
        self.ats = b""  # with its length byte; empty where the chip gave none

    def copy(self, other: "Card") -> None:
        """Become a description of the same card as `other`."""
        self.target = other.target
        self.uid = other.uid
        self.atqa = other.atqa
        self.sak = other.sak
        self.ats = other.ats

    @property
    def iso_dep(self) -> bool:
        """True if it takes APDUs."""
        return bool(self.sak & _SAK_ISO_DEP)

    @property
    def has_random_uid(self) -> bool:
        """True if the UID will be another one the next time the field comes on."""
        return len(self.uid) == 4 and self.uid[0] == _RANDOM_UID


def parse(answer: memoryview, card: Card) -> bool:
    """Fill `card` from an answer to InListPassiveTarget, given from NbTg on; False when the field is empty.

    Of two targets the first is taken; what follows its ATS is not looked at.
    raises: Pn532Error(BAD_ANSWER) when the lengths do not add up; `card` is then unchanged.
    """
    if len(answer) == 0:
        raise Pn532Error(BAD_ANSWER)
    if answer[0] == 0:
        return False
    if len(answer) < 6:
        raise Pn532Error(BAD_ANSWER)
    uid_end = 6 + answer[5]
    if not 6 < uid_end <= min(len(answer), 6 + _LONGEST_UID):
        raise Pn532Error(BAD_ANSWER)
    ats_end = _ats_end(answer, uid_end) if answer[4] & _SAK_ISO_DEP else uid_end
    card.target = answer[1]
    card.atqa = answer[2] << 8 | answer[3]
    card.sak = answer[4]
    card.uid = bytes(answer[6:uid_end])
    card.ats = bytes(answer[uid_end:ats_end])
    return True


def _ats_end(answer: memoryview, at: int) -> int:
    """Offset behind the ATS that begins at `at`; the same offset where there is none."""
    if at == len(answer):
        return at
    end = at + answer[at]
    if end > len(answer):
        raise Pn532Error(BAD_ANSWER)
    return end
