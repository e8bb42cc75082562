"""What a phone of the page says about itself: one sentence for each state, the next step in it.

`latchkey phone` has the sentences already (latchkey_tools.phone.words); only those that send a reader to its commands
are put in the page's words here.
"""

from latchkey_tools.phone.problem import Problem

# States. Each has a sign of its own on the page.
STRANGER = "stranger"  # no key of this car, as far as this phone knows
READY = "ready"
WORKING = "working"
ASKING = "asking"  # waits for enrolment to be opened
SHOWING = "showing"  # waits for the owner's card
DONE = "done"
REFUSED = "refused"
AWAY = "away"

Said = tuple[str, str]  # state and sentence; {id}: this phone's short id

_NOT_A_KEY = "The car does not know this phone: press Pair, then let an owner's card admit it."
NOT_YET = STRANGER, "No key of this car yet. Hold the cabin button and tap Owner 1, press Pair, tap Owner 1 once more."
IS_KEY = READY, "A key of this car."
STOPPED = REFUSED, "Stopped. What was sent before may have been done."
CARRIED_AWAY = AWAY, "Out of range: this phone hears nothing."
MOVED = "Unlocked.", "Locked."
NOT_SEEN = "Accepted; the link ended before the bolt was seen to move."
NOT_MOVED = "The car accepted it, and the bolt has not moved in 4 s: it may be jammed. A card works as before."
NOT_REMOVED = "The car still has that key: try again."

# What is under way, as the client of `latchkey phone` calls it -> state and sentence
UNDER_WAY = {
    "Looking for the vehicle": (WORKING, "Looking for the car…"),
    "Connecting": (WORKING, "Connecting…"),
    "Waiting for the vehicle": (WORKING, "Waiting for the car…"),
    "Waiting for the bolt": (WORKING, "Accepted. Waiting for the bolt…"),
    "Waiting for enrolment to be opened at the car": (
        ASKING,
        "Waiting for the car to take a key: hold the cabin button and tap Owner 1.",
    ),
    "Waiting for the owner's card": (
        SHOWING,
        "The car has noted a key. If it shows {id}, tap Owner 1 once more, with the button released.",
    ),
}

# (kind, number) of a problem -> sentence, where it is the same for whatever is or becomes a key
OF_ANY_KEY = {
    ("fault", 14): "The car has no room for another key: revoke one first.",
    ("fault", 25): "The car's answer was too long to be sent and the order may have been carried out: look at it.",
    ("key list", 4): "The car has no room for another key: revoke one first.",
    ("key list", 12): "The car has no such key.",
    ("key list", 19): "The car was not told a role.",
    ("key list", 20): "The car enrols no service keys.",
    ("key list", 21): "Only service may add a service key.",
}
NO_CONNECTION = "The car was found, but the connection failed: other phones may hold its places. Try again."

_SENTENCES = {
    "not paired": _NOT_A_KEY,
    "out of range": "The car is not heard: this phone is out of range, or the controller has no power.",
    "no answer": "The car did not answer in time and may have done it all the same: look at it.",
    "no connection": NO_CONNECTION,
    "nobody came": "Nobody let this phone in: hold the cabin button, tap Owner 1, and press Pair again.",
    "wrong vehicle": "Something on the air has the car's name and another key: this phone does not talk to it.",
}
_NUMBERED = {
    ("fault", 3): _NOT_A_KEY,
    ("fault", 12): "The message was for another car: erase this phone's folder and pair anew.",
    ("signature", 2): _NOT_A_KEY,
    **OF_ANY_KEY,
}
WEIGHTS = {SHOWING: 2, ASKING: 1}  # of what is under way at once, the person at the car matters most


def of(problem: Problem) -> Said:
    """State and sentence for what ended an order."""
    text = _NUMBERED.get((problem.kind, problem.number)) or _SENTENCES.get(problem.kind) or str(problem)
    return AWAY if problem.kind == "out of range" else REFUSED, text


def knows_no_key(problem: Problem) -> bool:
    """The car has said that this phone is none of its keys."""
    return _NUMBERED.get((problem.kind, problem.number), _SENTENCES.get(problem.kind)) == _NOT_A_KEY


def broken(error: Exception) -> Said:
    """What nobody has foreseen has happened to a phone, and how it is called."""
    return REFUSED, f"This phone's Bluetooth has failed ({type(error).__name__}): press again, or see the log below."
