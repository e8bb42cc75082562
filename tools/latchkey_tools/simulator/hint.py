"""What a newcomer could do next: from a blank controller to a family key, one sentence at a time.

Pure: it reads the controller's status and what the feed has seen, and gives a sentence. It is a suggestion; nothing
here decides or remembers, so taking another way never strands anyone.
"""

STEPS = 7

Hint = dict[str, object]
Process = dict[str, object]


def hint(
    process: Process, status: dict[str, object] | None, button: bool, seen: set[str], names: dict[str, str]
) -> Hint:
    """process: state and message of the firmware's keeper. status: the controller's last, or None. button: the cabin
    button is down. seen: what has happened since the claim: unlocked, refused, enrolled, revoked. names: short id of
    a key -> what its card is called. Gives step (0: none), of, text."""
    if process["state"] == "crashed":
        return _step(0, str(process["message"]))
    if process["state"] != "running" or status is None:
        return _step(0, _DARK.get(str(process["state"]), "The firmware has started and is about to report."))
    if str(status.get("lock")) in _TROUBLE:
        return _step(0, _TROUBLE[str(status["lock"])])
    if status.get("reader") == "fault":
        return _step(0, "The reader does not answer, so no card is seen: look at its wiring, or at the faults below.")
    enrolment = str(status.get("enrolment"))
    if enrolment in _ENROLMENT:
        step, text = _ENROLMENT[enrolment + "-held" * (button and enrolment == "pinned")]
        pinned = str(status.get("pinned"))
        return _step(step, text.format(pinned=names.get(pinned, f"The key {pinned}")))
    if not status.get("claimed"):
        return _claim(status, button)
    return _use(seen)


def _claim(status: dict[str, object], button: bool) -> Hint:
    if status.get("registry") == "unreadable":
        return _step(0, "The list of keys cannot be read, and a claimed car is not claimed twice: erase it over USB.")
    if button:
        return _step(1, "Keep holding… five seconds tell the controller that you are really in the car.")
    return _step(1, "This car has no owner yet. Hold the cabin button for 5 seconds.")


def _use(seen: set[str]) -> Hint:
    if "unlocked" not in seen:
        return _step(4, "The car is yours. Tap Owner 1 to unlock it.")
    if "refused" not in seen:
        return _step(5, "Now tap the Stranger: a real card, but not of this car. See what the controller says.")
    if "enrolled" not in seen:
        return _step(6, "Enrol the Family card: switch on “Keep it pressed”, then tap Owner 1.")
    if "revoked" not in seen:
        return _step(7, "Revoke the Family card in the list of keys, then tap it: it never opens this car again.")
    return _step(0, "You have seen it all. Jam the bolt, cut the power, let the reader die: break something.")


def _step(number: int, text: str) -> Hint:
    return {"step": number, "of": STEPS, "text": text}


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
