"""The unmodified client tesla-fleet-api from PyPI, over Bumble's air, on the firmware under MicroPython: no server.

The client scans, connects, pairs and commands as it does with a car; nothing of it is replaced but bleak's backend. The
controller is claimed and the pairing confirmed by hand, through the simulator's API.
"""

import asyncio
import tempfile

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fakes import bench_owner
from fakes.bench_process import bench
from latchkey_tools.air_client import on_air
from tesla_fleet_api import TeslaBluetooth, exceptions
from tesla_fleet_api.tesla.vehicle.proto.keys_pb2 import Role
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import Domain
from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import ClosureState_E, VehicleLockState_E

_REAL = {"FIRMWARE": "", "MICROPYTHON": "", "RADIO": "simulated"}
_DONE = {"response": {"result": True, "reason": ""}}


class _Car:
    """The simulator as the client's car."""

    def __init__(self, simulator):
        self.simulator = simulator
        state = simulator.running()
        self.vin = simulator.wait(lambda state: state["controller"]["vin"], "its name")["controller"]["vin"]
        self.port = int(state["simulator"]["air"].rsplit(":", 1)[1])

    async def do(self, what, *words, **named):
        return await asyncio.to_thread(what, self.simulator, *words, **named)

    async def bolt(self, position):
        await asyncio.to_thread(
            self.simulator.wait, lambda state: state["car"]["bolt"] == position and not state["car"]["driven"], position
        )

    def phone(self, key):
        return TeslaBluetooth().vehicles.createBluetooth(self.vin, key)


async def _found(car, key):
    """A client that has found the car by its name and connected."""
    phone = car.phone(key)
    await phone.find_vehicle()
    await phone.connect()
    return phone


async def _story(car):
    key = ec.generate_private_key(ec.SECP256R1())
    phone = await _found(car, key)

    # a key that nobody knows
    with pytest.raises(exceptions.NotOnWhitelistFault):
        await phone.handshakeVehicleSecurity()
    with pytest.raises(exceptions.WhitelistOperationStatus):
        await phone.pair(role=Role.ROLE_DRIVER)  # enrolment is closed

    # paired at the car
    await car.do(bench_owner.open_enrolment)
    pairing = asyncio.create_task(phone.pair(role=Role.ROLE_DRIVER))
    await car.do(bench_owner.confirm)
    await pairing

    # what a driver does
    await phone.handshakeVehicleSecurity()
    assert await phone.door_unlock() == _DONE
    await car.bolt("unlocked")
    assert (await phone.vehicle_state()).vehicleLockState == VehicleLockState_E.VEHICLELOCKSTATE_UNLOCKED
    assert await phone.door_lock() == _DONE
    await car.bolt("locked")
    state = await phone.vehicle_state()
    assert state.vehicleLockState == VehicleLockState_E.VEHICLELOCKSTATE_LOCKED
    assert state.closureStatuses.frontDriverDoor == ClosureState_E.CLOSURESTATE_CLOSED
    for command in (phone.wake_up, phone.remote_start_drive, lambda: phone.actuate_trunk("rear")):
        assert await command() == _DONE
    await asyncio.to_thread(
        car.simulator.wait, lambda state: state["controller"]["drive"] == "authorised", "leave to drive"
    )
    with pytest.raises(exceptions.TeslaFleetMessageFaultInvalidCommand):
        await phone.open_front_driver_door()  # no motor opens it
    assert (await phone.charge_start())["response"]["result"] is False  # there is no infotainment

    # a counter that was used, a message too old, and a controller that has lost its memory
    session = phone._sessions[Domain.DOMAIN_VEHICLE_SECURITY]
    session.counter -= 1
    assert await phone.door_unlock() == _DONE
    await car.bolt("unlocked")
    delta, session.delta = session.delta, session.delta + 35  # good for 30 s
    with pytest.raises(exceptions.TeslaFleetMessageFaultTimeExpired):
        await phone.door_lock()
    assert abs(session.delta - delta) < 3  # repaired by the fault's own session info
    assert await phone.door_lock() == _DONE
    await phone.disconnect()
    starts = car.simulator.state()["firmware"]["starts"]
    await asyncio.to_thread(car.simulator.post, "faults", {"power": "off"})
    await asyncio.to_thread(car.simulator.running, starts + 1)
    await phone.find_vehicle()
    await phone.connect()
    assert await phone.door_unlock() == _DONE
    await car.bolt("unlocked")
    await asyncio.to_thread(car.simulator.wait, _unlocked_by_a_phone, "the verdict on the last command")
    await phone.disconnect()


def _unlocked_by_a_phone(state):
    newest = state["verdicts"][0]
    return (newest["source"], newest["action"], newest["accepted"]) == ("phone", "unlock", True)


def test_an_unmodified_client_pairs_and_commands_over_the_air():
    with tempfile.TemporaryDirectory() as folder, bench(folder, **_REAL) as simulator:
        car = _Car(simulator)
        bench_owner.claim(simulator)
        with on_air(car.port):
            asyncio.run(asyncio.wait_for(_story(car), 90))
