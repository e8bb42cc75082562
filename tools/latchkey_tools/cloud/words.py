"""What a refusal means for somebody who asks from far away. What is not here reads as it does for a phone."""

from latchkey_tools.phone.problem import CannotStart, NotPaired, Problem, WrongVehicle
from latchkey_tools.phone.refusal import Refused

_SENTENCES = {
    ("fault", 3): "The car does not know this key: enrol it at the car with `latchkey cloud enrol`.",
    ("fault", 4): "This key is suspended or revoked, or the car has lost its newest list of keys: ask an owner at the "
    "car.",
    ("fault", 5): "The car does not accept this key's signature, even after both have synchronised: enrol it anew.",
    ("fault", 7): "The car does not allow that from far away, or not to this key.",
    ("fault", 9): "The car takes no such order from far away, or has no such output.",
    ("fault", 12): "The message was for another car: check the VIN.",
    ("fault", 17): "The message was too old each time it arrived: the broker or the network holds messages back.",
    ("fault", 20): "The car's clock and this computer's differ after each synchronisation: try again.",
    ("fault", 21): "Remote control is switched off at this car, or this order of it: its owner can switch it on at "
    "the controller.",
    ("declined", 2): "A door is open, and a car with an open door is not locked from far away.",
    ("declined", 3): "The ignition is on, and somebody may sit in the car: it is not locked from far away.",
    ("declined", 4): "Not now: somebody at the car just did the opposite, this hour's remote orders are used up, the "
    "lock motor rests, the supply is below 9 V, or there was a crash. Wait, or use a card or phone at the car.",
    ("declined", 5): "The car moves, or cannot tell that it stands; wait until it does.",
    ("declined", 7): "The car does not take this order from far away.",
}
_NOT_ENROLLED = "This key is none of the car's, or is none any more: enrol it at the car with `latchkey cloud enrol`."
_OTHER_CAR = (
    "What answers has another key than the car that this key was enrolled at: somebody pretends, or the controller was "
    "replaced; then take the car out of the key's .json file and enrol anew."
)


def retold(problem: Problem) -> Problem:
    """The same problem in words that fit somebody far away."""
    if isinstance(problem, CannotStart):
        return problem
    if isinstance(problem, NotPaired):
        return Problem("not enrolled", _NOT_ENROLLED)
    if isinstance(problem, WrongVehicle):
        return WrongVehicle(_OTHER_CAR)
    sentence = _SENTENCES.get((problem.kind, problem.number)) if isinstance(problem, Refused) else None
    sentence = sentence or str(problem).replace("latchkey phone status", "latchkey cloud status")
    sentence = sentence.replace("this phone", "this key")
    return Problem(problem.kind, sentence, problem.name, problem.number)
