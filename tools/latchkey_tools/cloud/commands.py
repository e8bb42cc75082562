"""The commands of `latchkey cloud` that ask a car. Each raises Problem where it was not done."""

from latchkey_tools.cloud import reports
from latchkey_tools.cloud.desk import Desk
from latchkey_tools.cloud.remote import Remote
from latchkey_tools.phone import request, watching, words
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.request import Request

_MOVES_S = 6.0  # two tries of 1.5 s, the dead time before, and the way

# command -> what it asks for, and what is said when that was accepted
ORDERS = {
    "wake": (request.WAKE, "The car is awake."),
    "revoke-drive": (request.REVOKE_DRIVE, "Driving is revoked, until an owner or a driver permits it at the car."),
    "suspend-guests": (
        request.SUSPEND_GUESTS,
        "Guests are suspended; cloud keys or an owner's phone admit them again.",
    ),
    "admit-guests": (request.ADMIT_GUESTS, "Guests are admitted again."),
}


async def unlock(desk: Desk) -> None:
    await _move(desk, request.UNLOCK, "unlocked")


async def lock(desk: Desk) -> None:
    await _move(desk, request.LOCK, "locked")


async def order(desk: Desk) -> None:
    """One of ORDERS."""
    asked, words_when_done = ORDERS[desk.chosen.cloud_command]
    async with desk.car() as car:
        await _ask(desk, car, asked)
        desk.output.result(words_when_done, vin=car.session.vin)


async def status(desk: Desk) -> None:
    """The signed answer of the car, and beside it what it told its broker of the last deed."""
    async with desk.car() as car:
        async with desk.progress.during("Waiting for the car", desk.chosen.wait):
            told = (await car.ask(request.STATUS)).vehicleStatus
        lock = words.word(words.LOCKS, told.vehicleLockState)
        closures = watching.closures_of(told)
        known = car.state or reports.State()
        last = reports.deed(known.action, known.verdict, known.by, known.key)
        lines = [f"{lock.capitalize()}; {watching.in_words(closures)}."]
        if last:
            lines.append(f"Last: {last} (as the broker tells it, unsigned).")
        for so, words_for_it in (
            (known.remote is False, "Remote control is switched off at the car."),
            (known.drive_revoked, "Driving is revoked."),
            (known.guests_suspended, "Guests are suspended."),
        ):
            if so:
                lines.append(words_for_it)
        desk.output.result(
            "\n".join(lines),
            vin=car.session.vin,
            lock=lock,
            closures=watching.named(closures),
            last=last,
            drive_revoked=known.drive_revoked,
            guests_suspended=known.guests_suspended,
            remote=known.remote,
            remote_unlock=known.remote_unlock,
        )


async def _ask(desk: Desk, car: Remote, asked: Request) -> None:
    async with desk.progress.during("Waiting for the car", desk.chosen.wait):
        await car.ask(asked)


async def _move(desk: Desk, asked: Request, word: str) -> None:
    """Ask, then see what the car says of its bolt: that the order was accepted does not say that it moves."""
    async with desk.car() as car:
        await _ask(desk, car, asked)
        async with desk.progress.during("Waiting for the bolt", _MOVES_S):
            seen = await car.shown(lambda state: state.lock in (word, "jammed"), _MOVES_S)
        known = car.state or reports.State()
        if known.lock == "jammed":
            raise Problem("jammed", "The car accepted it, and its bolt is jammed: somebody has to look at it.")
        if not seen:
            raise Problem(
                "not moved",
                f"The car accepted it, and does not say that it is {word} after {_MOVES_S:.0f} s: ask with "
                "`latchkey cloud status` in some minutes.",
            )
        sensed = known.confirmed is not False
        how = "" if sensed else " This car has no bolt sensor: what was commanded is all that is known."
        desk.output.result(f"{word.capitalize()}.{how}", vin=car.session.vin, lock=word, confirmed=sensed)
