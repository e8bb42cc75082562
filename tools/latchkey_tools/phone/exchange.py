"""One request up to its answer: handshake where one is needed, repair where the vehicle says what is wrong.

    exchange = Exchange(session, request)
    while exchange.answer is None:
        message = exchange.outgoing()               # bytes: send it, after exchange.pause_s; None: nothing
        exchange.take(message from the vehicle)     # raises Refused and the other problems

A fault is not authenticated, so it never makes this phone believe anything: those that fresh session info can mend (5,
6, 15, 17, 20) are answered by synchronising and asking once more, those that mean *not now* (1, 2, 11) by asking again
a little later, both a bounded number of times. Asking twice does nothing twice: every order of this protocol says what
shall be, not what shall change.
"""

from google.protobuf.message import DecodeError
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import (
    MessageFault_E,
    OperationStatus_E,
    RoutableMessage,
)
from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import FromVCSECMessage

from latchkey_tools.phone.problem import NotGenuine, NotPaired
from latchkey_tools.phone.refusal import Refused
from latchkey_tools.phone.request import Request
from latchkey_tools.phone.session import DOMAIN, Sent, Session

_REPAIRS = 3
_PAUSE_S = 1.0
_MENDED_BY_SESSION_INFO = (
    MessageFault_E.MESSAGEFAULT_ERROR_INVALID_SIGNATURE,
    MessageFault_E.MESSAGEFAULT_ERROR_INVALID_TOKEN_OR_COUNTER,
    MessageFault_E.MESSAGEFAULT_ERROR_INCORRECT_EPOCH,
    MessageFault_E.MESSAGEFAULT_ERROR_TIME_EXPIRED,
    MessageFault_E.MESSAGEFAULT_ERROR_TIME_TO_LIVE_TOO_LONG,
)
_NOT_NOW = (
    MessageFault_E.MESSAGEFAULT_ERROR_BUSY,
    MessageFault_E.MESSAGEFAULT_ERROR_TIMEOUT,
    MessageFault_E.MESSAGEFAULT_ERROR_INTERNAL,
)


class Exchange:
    """`answer` is None until there is one. request: None for a handshake alone, answered by an empty message.

    commanded: True once the request itself, and not only a handshake, has been given out to be sent.
    """

    def __init__(self, session: Session, request: Request | None) -> None:
        self.answer: FromVCSECMessage | None = None
        self.pause_s = 0.0
        self.commanded = False
        self._session = session
        self._request = request
        self._repairs = 0
        self._sent: Sent | None = None
        self._due = True
        self._must_greet = request is None or (request.signed and not session.ready)

    @property
    def due(self) -> bool:
        """There is something to be sent."""
        return self._due

    def outgoing(self) -> bytes | None:
        """The message that is to be sent next, once; None while one waits for its answer."""
        if not self._due:
            return None
        self._due = False
        if self._must_greet or self._request is None:
            self._sent = self._session.handshake()
        else:
            self.commanded = True
            payload = self._request.payload
            self._sent = self._session.signed(payload) if self._request.signed else self._session.plain(payload)
        return self._sent.data

    def take(self, message: bytes) -> None:
        """A message has come. What does not answer the message sent last is passed over."""
        reply = RoutableMessage()
        try:
            reply.ParseFromString(message)
        except DecodeError:
            return
        sent = self._sent
        if sent is None or self._due or not self._is_answer(reply, sent):
            return
        status = reply.signedMessageStatus
        if reply.HasField("session_info"):
            self._session.adopt(reply, sent)
            self._synchronised(status.signed_message_fault)
        elif status.signed_message_fault:
            self._mend(status.signed_message_fault, greet=True)
        elif status.operation_status == OperationStatus_E.OPERATIONSTATUS_ERROR:
            raise Refused("declined", 1)
        elif reply.HasField("protobuf_message_as_bytes") and self._request is not None and not self._must_greet:
            self._read(self._request, self._session.text(reply, sent, self._request.sealed))

    def _is_answer(self, reply: RoutableMessage, sent: Sent) -> bool:
        return (
            reply.from_destination.domain == DOMAIN
            and reply.to_destination.routing_address == self._session.address
            and reply.request_uuid == sent.uuid
        )

    def _synchronised(self, fault: int) -> None:
        if not self._session.enrolled:
            raise NotPaired
        if fault:
            self._mend(fault, greet=False)
        elif self._request is None:
            self.answer = FromVCSECMessage()
        elif self._must_greet:
            self._must_greet = False
            self.pause_s = 0.0
            self._due = True

    def _mend(self, fault: int, greet: bool) -> None:
        """Ask once more. greet: synchronise first, the vehicle has sent no session info with its fault."""
        self._repairs += 1
        mended = fault in _MENDED_BY_SESSION_INFO
        if self._repairs > _REPAIRS or not (mended or fault in _NOT_NOW):
            raise Refused("fault", fault)
        self.pause_s = 0.0 if mended else _PAUSE_S
        self._must_greet = self._must_greet or (mended and greet)
        self._due = True

    def _read(self, request: Request, text: bytes | None) -> None:
        if text is None:
            return
        reply = FromVCSECMessage()
        try:
            reply.ParseFromString(text)
        except DecodeError:
            raise NotGenuine
        if request.ended_by(reply):
            self.answer = reply
