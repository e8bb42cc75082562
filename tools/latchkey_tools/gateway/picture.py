"""What is known of one car, in the words of Home Assistant. It is what the car says, never what was asked of it.

What a car says of itself is unsigned, so the cars' broker could forge it: it can make Home Assistant show a locked car
that is open. It cannot make a car open.
"""

from latchkey_tools.cloud import reports, topics
from latchkey_tools.cloud.reports import Diagnostic, State

# words of the controller's lock machine -> states of an MQTT lock; "None" is unknown
LOCKS = {
    "locked": "LOCKED",
    "locking": "LOCKING",
    "unlocked": "UNLOCKED",
    "crash-open": "UNLOCKED",
    "unlocking": "UNLOCKING",
    "jammed": "JAMMED",
}
UNKNOWN = "None"
_TEXT_MOST = 255  # characters of a state in Home Assistant


class Picture:
    """note() what the car's topics say; lock, sensors and attributes are what Home Assistant gets."""

    def __init__(self) -> None:
        self.online: bool | None = None
        self.order = ""  # what became of the last order given here
        self._state = State()
        self._diagnostic = Diagnostic()
        self._event = ""

    def note(self, leaf: str, payload: bytes) -> None:
        """A message of the car. What makes no sense changes nothing."""
        if leaf == topics.STATE:
            self._state = reports.state(payload) or self._state
        elif leaf == topics.ONLINE:
            said = reports.online(payload)
            self.online = self.online if said is None else said
        elif leaf == topics.DIAGNOSTIC:
            self._diagnostic = reports.diagnostic(payload) or self._diagnostic
        elif leaf == topics.EVENT:
            self._note_event(payload)

    @property
    def lock(self) -> str:
        return LOCKS.get(self._state.lock, UNKNOWN)

    def sensors(self) -> dict[str, object]:
        """All other entities' values, by their names in discovery.py."""
        state, diagnostic = self._state, self._diagnostic
        return {
            "online": _switch(self.online),
            "doors": _switch(state.doors_open),
            "remote": _switch(state.remote),
            "remote_unlock": _switch(state.remote_unlock),
            "order": self.order[:_TEXT_MOST] or UNKNOWN,
            "last": reports.deed(state.action, state.verdict, state.by, state.key)[:_TEXT_MOST] or UNKNOWN,
            "event": self._event[:_TEXT_MOST] or UNKNOWN,
            "drive": state.drive or UNKNOWN,
            "drive_revoked": _switch(state.drive_revoked),
            "guests_suspended": _switch(state.guests_suspended),
            "reader": diagnostic.reader or UNKNOWN,
            "radio": diagnostic.radio or UNKNOWN,
            "supply_mv": _number(diagnostic.supply_mv),
            "heap_free": _number(diagnostic.heap_free),
            "uptime_s": _number(state.uptime_s if diagnostic.uptime_s is None else diagnostic.uptime_s),
            "connects": _number(diagnostic.connects),
            "retained_refused": _number(diagnostic.retained_refused),
        }

    def attributes(self) -> dict[str, object]:
        """Beside the lock: who, what, why."""
        state = self._state
        told = {"by": state.by, "key": state.key, "action": state.action, "verdict": state.verdict}
        return {**told, "drive": state.drive, "bolt_sensed": state.confirmed}

    def _note_event(self, payload: bytes) -> None:
        event = reports.event(payload)
        if event is None:
            return
        if event.refused is not None:
            self._event = f"refused {event.refused} times: {event.verdict}"
        else:
            self._event = reports.deed(event.action, event.verdict, event.source, event.key)


def _switch(value: bool | None) -> str:
    return UNKNOWN if value is None else "ON" if value else "OFF"


def _number(value: int | None) -> object:
    return UNKNOWN if value is None else value
