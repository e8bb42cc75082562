"""What an owner does at the simulated car, through the simulator's API: claims it, opens enrolment, confirms.

Every function waits until the controller says that it has happened.
"""

import time

_CLAIM_S = 5.3  # the button must be held for 5 s
SETTLED_S = 0.4  # within 0.3 s after a key has shown itself no card confirms it
_OWNERS = ("Owner 1", "Owner 2")


def tap(simulator, card):
    """Tap a card and wait until the hand has let go; returns the newest verdict on it."""
    before = _cards_verdict(simulator.state())
    simulator.post("card", {"tap": card})
    state = simulator.wait(
        lambda state: _cards_verdict(state) != before and not any(card["in_field"] for card in state["cards"]),
        f"a verdict on {card}",
    )
    return _cards_verdict(state)


def claim(simulator):
    """Make a blank controller the two owners' own."""
    simulator.wait(lambda state: (state["controller"] or {}).get("reader") == "ready", "the reader")
    simulator.post("car", {"button": True})
    time.sleep(_CLAIM_S)
    simulator.post("car", {"button": False})
    for card in _OWNERS:
        tap(simulator, card)
    simulator.wait(lambda state: state["controller"]["key_count"] == 2, "two owners")


def open_enrolment(simulator, card=_OWNERS[0]):
    """The cabin button held while an owner's card lies on the reader."""
    simulator.post("car", {"button": True})
    tap(simulator, card)
    simulator.post("car", {"button": False})
    # A phone that has waited for this shows itself at once.
    simulator.wait(lambda state: state["controller"]["enrolment"] in ("open", "pinned"), "enrolment")


def confirm(simulator, card=_OWNERS[0], as_owner=False):
    """The owner's card once more, with the button held where the new key becomes an owner's."""
    state = simulator.wait(lambda state: state["controller"]["enrolment"] == "pinned", "a key that has shown itself")
    count = state["controller"]["key_count"]
    time.sleep(SETTLED_S)
    simulator.post("car", {"button": as_owner})
    tap(simulator, card)
    simulator.post("car", {"button": False})
    simulator.wait(lambda state: state["controller"]["key_count"] == count + 1, "one more key")


def _cards_verdict(state):
    """The newest verdict on a card; those on phones may come at any time."""
    return next((row for row in state["verdicts"] if row["source"] == "keycard"), None)
