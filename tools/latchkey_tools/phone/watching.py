"""`latchkey phone status`: once, or again after each change."""

import asyncio
import re
import time
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet
from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import VehicleStatus

from latchkey_tools.phone import request, words
from latchkey_tools.phone.desk import Desk
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.radio import LinkError
from latchkey_tools.phone.vehicle import AWAY, Vehicle

_ASK_AGAIN_S = 10.0  # a change is told at once; this is for one whose news got lost
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 15.0
# What this vehicle alone says: a message {1: the cloud's state, 2: seconds, 3: number of the journal's newest row, 4: 8
# bytes of that row's code}.
_OWN_FIELD, _BYTES, _AWAY = 1_000, 2, 2
_CLOSED, _UNKNOWN = words.CLOSURE_STATES[0], words.CLOSURE_STATES[3]


async def status(desk: Desk) -> None:
    """Say it; with --watch go on until Ctrl-C, or until the vehicle does not answer this phone any more."""
    async with desk.vehicle() as vehicle:
        told = await _asked(vehicle)
        _tell(desk, vehicle, told, desk.chosen.watch)
        while desk.chosen.watch:
            told = await _change(desk, vehicle, told)
            _tell(desk, vehicle, told, True)


async def _asked(vehicle: Vehicle) -> VehicleStatus:
    return (await vehicle.ask(request.STATUS)).vehicleStatus


async def _change(desk: Desk, vehicle: Vehicle, known: VehicleStatus) -> VehicleStatus:
    """Wait until the status is another one; through lost links, and while the vehicle is out of range."""
    pause_s = _SHORTEST_PAUSE_S
    while True:
        try:
            await vehicle.news(_ASK_AGAIN_S)
        except LinkError:
            await vehicle.hang_up()
        try:
            told = await _asked(vehicle)
        except Problem as problem:
            if problem.kind not in AWAY:
                raise
            if pause_s == _SHORTEST_PAUSE_S:
                desk.progress.say(f"{problem}\nWaiting until it is back.")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            continue
        pause_s = _SHORTEST_PAUSE_S
        if _known_part(told) != _known_part(known):
            return told


def _tell(desk: Desk, vehicle: Vehicle, told: VehicleStatus, with_time: bool) -> None:
    lock = words.word(words.LOCKS, told.vehicleLockState)
    closures = closures_of(told)
    away_s = cloud_away_s(told)
    text = f"{lock.capitalize()}; {in_words(closures)}.{away_in_words(away_s)}"
    desk.output.result(
        f"{time.strftime('%H:%M:%S')}  {text}" if with_time else text,
        vin=vehicle.session.vin,
        lock=lock,
        closures=named(closures),
        sleep=words.word(words.SLEEPS, told.vehicleSleepStatus),
        presence=words.word(words.PRESENCES, told.userPresence),
        cloud_away_s=away_s,
        journal=journal_head(told),
    )


def _known_part(told: VehicleStatus) -> VehicleStatus:
    """Without what only this vehicle says, which counts seconds."""
    copy = VehicleStatus()
    copy.CopyFrom(told)
    copy.DiscardUnknownFields()
    return copy


def cloud_away_s(told: VehicleStatus) -> int | None:
    """For how long the vehicle has been without its cloud; None where it is connected, or says nothing of one."""
    numbers = _own_fields(told)
    return numbers.get(2, 0) if numbers.get(1) == _AWAY else None


def journal_head(told: VehicleStatus) -> str:
    """What `latchkey journal verify --head` takes: NUMBER:HEAD of the newest row; empty where nothing is said of it."""
    numbers = _own_fields(told)
    return f"{numbers.get(3, 0)}:{numbers[4].hex()}" if isinstance(numbers.get(4), bytes) else ""


def _own_fields(told: VehicleStatus) -> dict[int, Any]:
    for own in UnknownFieldSet(told):
        if own.field_number == _OWN_FIELD and own.wire_type == _BYTES:
            return {field.field_number: field.data for field in UnknownFieldSet(Empty.FromString(own.data))}
    return {}


def away_in_words(away_s: int | None) -> str:
    """What somebody wants to know who has heard of an outage."""
    if away_s is None:
        return ""
    hours, minutes = divmod(away_s // 60, 60)
    time_away = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else "less than a minute"
    return f" Cloud away for {time_away}: your card and phone work."


def closures_of(told: VehicleStatus) -> dict[str, str]:
    """Field -> word for what it says of each closure."""
    return {field: words.word(words.CLOSURE_STATES, getattr(told.closureStatuses, field)) for field in words.CLOSURES}


def named(closures: dict[str, str]) -> dict[str, str]:
    """The same for programs, by_names_like_this."""
    return {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), field): state for field, state in closures.items()}


def in_words(closures: dict[str, str]) -> str:
    """What is open. A board with one wire for all doors tells of one door, and that it does not know the others."""
    known = {field: state for field, state in closures.items() if state != _UNKNOWN}
    doors = [field for field in closures if field.endswith("Door")]
    told = [field for field in doors if field in known]
    not_closed = [
        "a door open" if told == [field] else f"{words.CLOSURES[field]} {state}"
        for field, state in known.items()
        if state != _CLOSED
    ]
    if not_closed:
        return ", ".join(not_closed)
    if len(known) == len(closures):
        return "everything is closed"
    return "the doors are closed" if len(told) == len(doors) else "what is open is not known"
