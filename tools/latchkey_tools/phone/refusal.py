"""Why something was not done: a kind, a number or name for machines, and one sentence for people with the next step."""

from typing import Any

from tesla_fleet_api.tesla.vehicle.proto.errors_pb2 import GenericError_E
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import MessageFault_E
from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import (
    SignedMessage_information_E,
    WhitelistOperation_information_E,
)

from latchkey_tools.phone import words
from latchkey_tools.phone.problem import Problem

# kind -> its sentences, its numbers' names and what these have in common
_KINDS: dict[str, tuple[dict[int, str], Any, str]] = {
    "fault": (words.FAULTS, MessageFault_E, "MESSAGEFAULT_ERROR_"),
    "declined": (words.DECLINED, GenericError_E, "GENERICERROR_"),
    "key list": (words.KEY_LIST, WhitelistOperation_information_E, "WHITELISTOPERATION_INFORMATION_"),
    "signature": (words.SIGNATURE, SignedMessage_information_E, "SIGNEDMESSAGE_INFORMATION_"),
}


class Refused(Problem):
    """The vehicle said no, by a number of the published protocol. kind: fault, declined, key list, signature."""

    def __init__(self, kind: str, number: int) -> None:
        sentences, names, common = _KINDS[kind]
        name = dict((value, key) for key, value in names.items()).get(number, "")
        sentence = sentences.get(
            number,
            f"The vehicle refused for a reason that this program does not know ({kind} {number}): update this program.",
        )
        super().__init__(kind, sentence, name=name.removeprefix(common).lower(), number=number)
