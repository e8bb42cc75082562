"""What the page's cloud key says about itself: one sentence for each state, the next step in it.

`latchkey cloud` has most of the sentences already (latchkey_tools.cloud.words); only those that send a reader to its
commands are put in the page's words here. The states are those of the phones (handset_words).
"""

from latchkey_tools.cloud import failure
from latchkey_tools.cloud.words import retold
from latchkey_tools.phone.problem import Problem
from latchkey_tools.simulator import handset_words
from latchkey_tools.simulator.handset_words import DONE, NO_CONNECTION, OF_ANY_KEY, READY, REFUSED, STRANGER, Said

_NOT_A_KEY = "The car does not know this cloud key: press Enrol, then let an owner's card admit it."
NOT_YET = STRANGER, "No key of this car yet. Hold the cabin button and tap Owner 1, press Enrol, tap Owner 1 once more."
IS_KEY = READY, "A fleet manager of this car: may ask from far away, and opens nothing beside it."
STOPPED = handset_words.STOPPED
MOVED = {
    True: (DONE, "Locked, as the car says by its broker."),
    False: (DONE, "Unlocked, as the car says by its broker."),
}
JAMMED = REFUSED, "The car accepted it, and its bolt is jammed: somebody has to look at it."
NOT_SEEN = (
    REFUSED,
    "The car accepted it, and has not said in 6 s that the bolt has moved: look at it. A car that has said much lately "
    "waits for minutes before it says more.",
)

_NO_BROKER = "The broker cannot be reached; the car's own links do not need it."
_SENTENCES = {
    "not paired": _NOT_A_KEY,
    "nobody came": "Nobody let this key in: hold the cabin button, tap Owner 1, and press Enrol again.",
    "out of range": "The car is not heard over Bluetooth: a key is enrolled beside the car, and only there.",
    "no connection": NO_CONNECTION,
    "no answer": "No answer from the car in time. If the order has reached it, it may have been carried out: look at "
    "it. A car answers the cloud at most 20 times an hour, and keys that it does not know never.",
    "no message": "The order could not be handed to the broker.",
    failure.NO_BROKER: _NO_BROKER,
    failure.NO_ANSWER: _NO_BROKER,
    failure.LOST: _NO_BROKER,
}
_NUMBERED = {
    ("fault", 3): _NOT_A_KEY,
    ("fault", 21): "Remote control, or this order of it, is switched off at the car: see the switches below.",
    ("signature", 2): _NOT_A_KEY,
    **OF_ANY_KEY,
}


def of(problem: Problem) -> Said:
    """State and sentence for what ended an order."""
    known = _NUMBERED.get((problem.kind, problem.number)) or _SENTENCES.get(problem.kind)
    return REFUSED, known or str(retold(problem))


def knows_no_key(problem: Problem) -> bool:
    """The car has said that this is none of its keys."""
    return of(problem)[1] == _NOT_A_KEY


def broken(error: Exception) -> Said:
    """What nobody has foreseen, and how it is called."""
    return REFUSED, f"This cloud key has failed ({type(error).__name__}): press again, or see the log below."
