"""The unmodified client tesla-fleet-api from PyPI as the phone, its radio replaced by a byte pipe to the firmware.

Everything above the bytes is the client's own: its protobuf, its signatures, its reactions to faults. Of this version
the session-info tag is no witness, for it does not check it; the vectors and the phone in fakes/ do.
"""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from latchkey.core import codes
from phone_world import World
from tesla_fleet_api import exceptions
from tesla_fleet_api.tesla import TeslaBluetooth
from tesla_fleet_api.tesla.vehicle import bluetooth
from tesla_fleet_api.tesla.vehicle.proto.keys_pb2 import Role
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import Domain
from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import VehicleLockState_E

_VIN = "LATCHKEY000000001"
_SLOT = 3


def _private(number):
    return ec.derive_private_key(number, ec.SECP256R1())


def _key64(private):
    numbers = private.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


_VEHICLE = (1 << 255) + 12345
_PHONE = _private((1 << 254) + 67890)


class _Radio:
    """What the client takes for a connected BleakClient."""

    def __init__(self, connection, piece):
        self.connection = connection
        self.is_connected = True
        self._piece = piece
        self._notify = None
        self.uuid = bluetooth.READ_UUID

    async def start_notify(self, uuid, callback):
        assert uuid == bluetooth.READ_UUID
        self._notify = callback

    async def write_gatt_char(self, uuid, data, response):
        assert uuid == bluetooth.WRITE_UUID and response
        for at in range(0, len(data), self._piece):
            self.deliver(self.connection.write(bytes(data[at : at + self._piece])))

    def deliver(self, chunks):
        for chunk in chunks:
            self._notify(self, bytearray(chunk))

    async def disconnect(self):
        self.is_connected = False


class _Bench:
    """One vehicle and one client. piece: how the client's writes are cut; chunk: how the vehicle's are."""

    def __init__(self, monkeypatch, enrolled=True, piece=512, chunk=20, key=_PHONE):
        self.world = World(_VIN.encode(), _VEHICLE.to_bytes(32, "big"), chunk)
        if enrolled:
            self.world.enrol(_SLOT, _key64(_PHONE))
        self.radio = None

        async def establish(_class, _device, _name, **_options):
            self.radio = _Radio(self.world.connection(), piece)
            return self.radio

        monkeypatch.setattr(bluetooth, "establish_connection", establish)
        self.phone = TeslaBluetooth().vehicles.createBluetooth(_VIN, key, device=object())

    @property
    def session(self):
        return self.phone._sessions[Domain.DOMAIN_VEHICLE_SECURITY]

    @property
    def written(self):
        """How many messages the vehicle has received."""
        return len(self.radio.connection.messages)


@pytest.fixture
def bench(monkeypatch):
    return _Bench(monkeypatch)


def _run(story, limit=10):
    return asyncio.run(asyncio.wait_for(story, limit))


_DONE = {"response": {"result": True, "reason": ""}}


def test_the_name_on_the_air_is_the_one_the_client_looks_for(bench):
    from latchkey.protocol.vehicle_command_identity import local_name

    assert bench.phone.ble_name == local_name(_VIN.encode())


def test_handshake(bench):
    bench.world.keys.now = 1_234
    _run(bench.phone.handshakeVehicleSecurity())
    assert bench.session.epoch == bytes(bench.world.sessions.epoch(2))
    assert bench.session.counter == 0
    assert bench.session.sharedKey == bench.world.keys.slots[_SLOT][1]
    _run(bench.phone.handshakeInfotainment())
    assert bench.phone._sessions[Domain.DOMAIN_INFOTAINMENT].epoch == bytes(bench.world.sessions.epoch(3))


def test_everything_that_can_be_commanded(bench):
    commands = (
        (lambda phone: phone.door_unlock(), codes.UNLOCK),
        (lambda phone: phone.door_lock(), codes.LOCK),
        (lambda phone: phone.actuate_trunk("rear"), codes.OPEN_TRUNK),
        (lambda phone: phone.actuate_trunk("front"), codes.OPEN_FRUNK),
        (lambda phone: phone.remote_start_drive(), codes.AUTHORISE_DRIVE),
        (lambda phone: phone.wake_up(), codes.WAKE),
    )

    async def story():
        for command, action in commands:
            assert await command(bench.phone) == _DONE
            assert bench.world.done[-1] == (action, _SLOT)

    _run(story(), 4)  # an answer that is not recognised costs this client two seconds each
    assert bench.written == 1 + len(commands)
    assert bench.world.sessions.counter(2, _SLOT) == len(commands)


@pytest.mark.parametrize("piece", [1, 18, 20, 253, 512])
def test_whatever_the_pieces(monkeypatch, piece):
    bench = _Bench(monkeypatch, piece=piece, chunk=piece)
    assert _run(bench.phone.door_unlock()) == _DONE
    assert bench.world.done == [(codes.UNLOCK, _SLOT)]


def test_state(bench):
    async def story():
        first = await bench.phone.vehicle_state()
        await bench.phone.door_unlock()
        second = await bench.phone.vehicle_state()
        return first, second

    first, second = _run(story())
    assert first.vehicleLockState == VehicleLockState_E.VEHICLELOCKSTATE_LOCKED
    assert second.vehicleLockState == VehicleLockState_E.VEHICLELOCKSTATE_UNLOCKED
    assert first.HasField("closureStatuses")


def test_resynchronisation_after_a_reboot(bench):
    async def story():
        await bench.phone.door_unlock()
        bench.world.keys.now = 2
        bench.world.boot()
        return await bench.phone.door_lock()

    assert _run(story()) == _DONE
    assert bench.world.done == [(codes.UNLOCK, _SLOT), (codes.LOCK, _SLOT)]
    assert bench.written == 4  # handshake, unlock, lock refused, lock
    assert bench.session.epoch == bytes(bench.world.sessions.epoch(2))


def test_resynchronisation_of_the_counter(bench):
    async def story():
        await bench.phone.door_unlock()
        bench.session.counter = 0
        return await bench.phone.door_lock()

    assert _run(story()) == _DONE
    assert bench.world.done == [(codes.UNLOCK, _SLOT), (codes.LOCK, _SLOT)]
    assert bench.world.sessions.counter(2, _SLOT) == 2


def test_an_expired_command_is_refused_and_the_next_one_works(bench):
    async def story():
        await bench.phone.handshakeVehicleSecurity()
        bench.world.keys.now += 3_600  # the client's clock stands still meanwhile
        with pytest.raises(exceptions.TeslaFleetMessageFaultTimeExpired):
            await bench.phone.door_unlock()
        assert bench.world.done == []
        return await bench.phone.door_unlock()

    assert _run(story()) == _DONE
    assert bench.world.done == [(codes.UNLOCK, _SLOT)]


def test_a_command_that_lives_too_long_is_refused_and_the_next_one_works(bench):
    async def story():
        await bench.phone.handshakeVehicleSecurity()
        bench.session.delta -= 100
        with pytest.raises(exceptions.TeslaFleetMessageFaultTimeToLiveTooLong):
            await bench.phone.door_unlock()
        assert bench.world.done == []
        return await bench.phone.door_unlock()

    assert _run(story()) == _DONE


def test_a_wrong_key_is_an_invalid_signature(bench):
    async def story():
        await bench.phone.handshakeVehicleSecurity()
        bench.session.sharedKey = bytes(16)
        with pytest.raises(exceptions.TeslaFleetMessageFaultInvalidSignature):
            await bench.phone.door_unlock()

    _run(story())
    assert bench.world.done == []
    assert bench.world.sessions.counter(2, _SLOT) == 0


def test_an_unknown_key_is_told_so_at_the_handshake(monkeypatch):
    bench = _Bench(monkeypatch, enrolled=False)
    with pytest.raises(exceptions.NotOnWhitelistFault):
        _run(bench.phone.door_unlock())
    assert bench.world.done == [] and bench.written == 1


def test_an_unknown_key_without_elliptic_curves(monkeypatch):
    bench = _Bench(monkeypatch, enrolled=False)
    bench.world.to_all = False
    with pytest.raises(exceptions.TeslaFleetMessageFaultUnknownKeyId):
        _run(bench.phone.door_unlock())
    assert bench.world.done == []


def test_a_key_that_was_removed_meanwhile(bench):
    async def story():
        await bench.phone.door_unlock()
        del bench.world.keys.slots[_SLOT]
        bench.world.sessions.forget(_SLOT)
        with pytest.raises(exceptions.TeslaFleetMessageFaultUnknownKeyId):
            await bench.phone.door_lock()

    _run(story())
    assert bench.world.done == [(codes.UNLOCK, _SLOT)]


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (codes.DOOR_OPEN, "GENERICERROR_CLOSURES_OPEN"),
        (codes.MOVING, "GENERICERROR_VEHICLE_NOT_IN_PARK"),
        (codes.HOT, "GENERICERROR_DISABLED_FOR_USER_COMMAND"),
        (codes.DRIVE_REVOKED, "GENERICERROR_UNAUTHORIZED"),
    ],
)
def test_what_the_vehicle_declines_is_shown_with_its_reason(bench, verdict, reason):
    bench.world.verdicts[codes.LOCK] = verdict
    assert _run(bench.phone.door_lock()) == {"response": {"result": False, "reason": reason}}
    assert bench.world.done == [] and bench.written == 2


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (codes.BUSY, exceptions.TeslaFleetMessageFaultBusy),
        (codes.NOT_PERMITTED, exceptions.TeslaFleetMessageFaultInsufficientPrivileges),
        (codes.SUSPENDED, exceptions.TeslaFleetMessageFaultInactiveKey),
        (codes.NOT_WIRED, exceptions.TeslaFleetMessageFaultInvalidCommand),
        (codes.REMOTE_OFF, exceptions.TeslaFleetMessageFaultRemoteAccessDisabled),
    ],
)
def test_refusals_reach_the_person(bench, verdict, error):
    bench.world.verdicts[codes.UNLOCK] = verdict
    with pytest.raises(error):
        _run(bench.phone.door_unlock())
    assert bench.world.done == []


def test_doors_that_no_motor_opens(bench):
    with pytest.raises(exceptions.TeslaFleetMessageFaultInvalidCommand):
        _run(bench.phone.open_front_driver_door())
    assert bench.world.done == []


def test_infotainment_answers_that_it_is_not_available(bench):
    async def story():
        return await bench.phone.charge_start()

    assert _run(story(), 4)["response"]["result"] is False
    assert bench.world.done == []


def test_a_status_that_nobody_asked_for_confuses_nobody(bench):
    async def story():
        await bench.phone.handshakeVehicleSecurity()
        bench.world.dialogue.voice.broadcast_status(bench.world._status())
        bench.radio.deliver(bench.world.sent())
        return await bench.phone.door_unlock()

    assert _run(story(), 4) == _DONE


def test_pairing(monkeypatch):
    bench = _Bench(monkeypatch, enrolled=False)

    async def story():
        pairing = asyncio.create_task(bench.phone.pair(role=Role.ROLE_DRIVER))
        while bench.world.shown is None:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert not pairing.done()
        bench.radio.deliver(bench.world.confirm(5))
        await pairing
        return await bench.phone.door_unlock()

    assert _run(story()) == _DONE
    assert bench.world.shown == (_key64(_PHONE), codes.DRIVER, 9)
    assert bench.world.done == [(codes.UNLOCK, 5)]


def test_pairing_that_is_refused(monkeypatch):
    from latchkey.links.phone_orders import information_of

    bench = _Bench(monkeypatch, enrolled=False)

    async def story():
        pairing = asyncio.create_task(bench.phone.pair())
        while bench.world.shown is None:
            await asyncio.sleep(0)
        information = information_of(codes.ENROLMENT_CLOSED, True)
        bench.world.dialogue.voice.later_key_change(bench.world.shown_path, information)
        bench.radio.deliver(bench.world.sent())
        with pytest.raises(exceptions.WhitelistOperationStatus):
            await pairing

    _run(story())
