"""What a newcomer could do next: from a blank controller to a family key and a phone, one sentence at a time.

Pure: it reads the controller's status and what the feed has seen, and gives a sentence. It is a suggestion; nothing
here decides or remembers, so taking another way never strands anyone.
"""

from dataclasses import dataclass

STEPS = 7
_STEPS_WITH_PHONES = 9
_FAMILY, _PHONE = 6, 8  # the steps in which somebody is enrolled

Hint = dict[str, object]
Process = dict[str, object]


@dataclass(frozen=True)
class Phones:
    """The phones of the page: their short ids, and the name of the one that is becoming a key."""

    ids: frozenset[str] = frozenset()
    pairing: str = ""


def hint(
    process: Process,
    status: dict[str, object] | None,
    button: bool,
    seen: set[str],
    names: dict[str, str],
    phones: Phones | None = None,
) -> Hint:
    """process: state and message of the firmware's keeper. status: the controller's last, or None. button: the cabin
    button is down. seen: what has happened since the claim: unlocked, refused, enrolled, revoked, paired, unlocked by
    phone. names: short id of a key -> what its card or phone is called. phones: None where the page has none. Gives
    step (0: none), of, text."""
    step, text = _next(process, status, button, seen, names, phones)
    return {"step": step, "of": _STEPS_WITH_PHONES if phones else STEPS, "text": text}


_Step = tuple[int, str]


def _next(
    process: Process,
    status: dict[str, object] | None,
    button: bool,
    seen: set[str],
    names: dict[str, str],
    phones: Phones | None,
) -> _Step:
    if process["state"] == "crashed":
        return 0, str(process["message"])
    if process["state"] != "running" or status is None:
        return 0, _DARK.get(str(process["state"]), "The firmware has started and is about to report.")
    if str(status.get("lock")) in _TROUBLE:
        return 0, _TROUBLE[str(status["lock"])]
    if status.get("reader") == "fault":
        return 0, "The reader does not answer, so no card is seen: look at its wiring, or at the faults below."
    if str(status.get("enrolment")) in _ENROLMENT:
        return _enrol(status, button, seen, names, phones)
    if not status.get("claimed"):
        return _claim(status, button)
    return _use(seen, phones)


def _claim(status: dict[str, object], button: bool) -> _Step:
    if status.get("registry") == "unreadable":
        return 0, "The list of keys cannot be read, and a claimed car is not claimed twice: erase it over USB."
    if button:
        return 1, "Keep holding… five seconds tell the controller that you are really in the car."
    return 1, "This car has no owner yet. Hold the cabin button for 5 seconds."


def _use(seen: set[str], phones: Phones | None) -> _Step:
    if "unlocked" not in seen:
        return 4, "The car is yours. Tap Owner 1 to unlock it."
    if "refused" not in seen:
        return 5, "Now tap the Stranger: a real card, but not of this car. See what the controller says."
    if "enrolled" not in seen:
        return _FAMILY, "Enrol the Family card: switch on “Keep it pressed”, then tap Owner 1."
    if "revoked" not in seen:
        return 7, "Revoke the Family card in the list of keys, then tap it: it never opens this car again."
    if phones and "paired" not in seen:
        return _PHONE, "Make Phone 1 a key: switch on “Keep it pressed”, tap Owner 1, then press Pair."
    if phones and "unlocked by phone" not in seen:
        return 9, "Unlock with Phone 1: a signed command over Bluetooth, and no server anywhere."
    return 0, "You have seen it all. Switch the cloud down, jam the bolt, cut the power: break something."


def _enrol(
    status: dict[str, object], button: bool, seen: set[str], names: dict[str, str], phones: Phones | None
) -> _Step:
    enrolment, pinned = str(status["enrolment"]), str(status.get("pinned"))
    step, text = _ENROLMENT[enrolment + "-held" * (button and enrolment == "pinned")]
    is_due = {"enrolled", "revoked"} <= seen and "paired" not in seen
    if step == _FAMILY and phones and (is_due or phones.pairing or pinned in phones.ids):
        step = _PHONE
        if enrolment == "open":
            text = _OPEN_FOR_A_PHONE[bool(phones.pairing)].format(pairing=phones.pairing)
    return step, text.format(pinned=names.get(pinned, f"The key {pinned}"))


_DARK = {
    "starting": "The firmware is starting.",
    "off": "The power is off. It comes back in a moment, and no key is lost.",
    "stopped": "The simulator is ending.",
}
_TROUBLE = {
    "jammed": "The bolt did not move. Release the jam below, then press the cabin button or tap an owner card.",
    "crash-open": "After a crash the doors stay open. A card may lock again after 60 seconds.",
}
_ENROLMENT = {
    "claim": (2, "Tap Owner 1: the first card shown becomes an owner."),
    "claim-second": (3, "Tap Owner 2: two owner cards, so that one lost card is not the end."),
    "open": (6, "Enrolment is open. Release the button and tap the Family card."),
    "claim-writing": (2, "Being written to flash…"),
    "claim-second-writing": (3, "Being written to flash…"),
    "writing": (6, "Being written to flash…"),
    "pinned-held": (6, "Release the button: held during the confirmation it would make the new key an owner."),
    "pinned": (6, "{pinned} is pinned. Tap Owner 1 once more to confirm it."),
}
_OPEN_FOR_A_PHONE = (
    "Enrolment is open. Release the button and press Pair on Phone 1.",
    "Enrolment is open. Release the button; {pairing} shows its key in a moment.",
)
