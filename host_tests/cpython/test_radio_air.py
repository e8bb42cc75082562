"""The contract of `bluetooth`, over the air: firmware in a process of its own, phones that are Bumble hosts.

The cases are those of both/test_radio_contract.py; what only a real air can show follows.
"""

import asyncio
import contextlib
import os
import signal
import tempfile

import pytest
from bumble import att, hci, ll
from fakes import radio_cases
from fakes.radio_air import world
from latchkey_tools.radio import ADDRESS, Radio, RadioError
from latchkey_tools.radio_link import Ether, VirtualController
from latchkey_tools.radio_phone import Phone
from latchkey_tools.simulator.firmware import ROOT, interpreter

_CASES = sorted(name for name in dir(radio_cases) if name.startswith("case_"))


@pytest.mark.parametrize("case", _CASES)
def test_the_contract_holds_over_the_air(case):
    with world() as whole:
        getattr(radio_cases, case)(whole)


def _advertising(whole):
    handles = whole.call("probe_register")
    whole.call("gap_advertise", 20_000, radio_cases.FLAGS)
    return handles


def test_a_power_cut_ends_connections_and_a_new_firmware_finds_a_clean_radio():
    with world() as whole:
        _advertising(whole)
        phone = whole.connect()
        whole.power_cut()
        assert phone.ended()
        assert whole.scan() is None


def test_a_radio_whose_clients_leave_while_it_is_switched_off_comes_back():
    """Whoever hangs up on somebody who has gone must not wait for him."""
    with world() as whole:
        for moment in range(16):
            whole.call("active", True)
            _advertising(whole)
            for _ in range(2):
                whole.connect()
                whole.call("gap_advertise", 20_000, radio_cases.FLAGS)

            async def meanwhile(moment=moment):
                switching = asyncio.create_task(whole.ask("active", False))
                await asyncio.sleep(moment / 4_000)
                await whole.all_leave()
                await switching

            whole.wait(meanwhile())


def test_whoever_confirms_and_hangs_up_in_one_breath_costs_nobody_the_radio():
    """Told of a confirmation after the end of its connection, the firmware would take its radio for broken."""

    async def confirmed_as_it_is_cancelled(connection, value, data, force):
        """What asyncio.wait_for makes of a cancellation that comes when the answer is there (Python 3.11)."""
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    with world() as whole:
        handles = _advertising(whole)
        whole.air._peripheral._device.gatt_server.indicate_subscriber = confirmed_as_it_is_cancelled
        phone = whole.connect()
        whole.call("gatts_indicate", 0, handles[4], b"x")
        phone.disconnect()
        assert whole.events(3)[1:] == [
            (radio_cases.DONE, (0, handles[4], 7)),
            (radio_cases.DISCONNECT, (0, 1, phone.address)),
        ]
        whole.call("gap_advertise", 20_000, radio_cases.FLAGS)
        whole.connect()
        assert whole.call("active") is True


def test_what_is_said_to_somebody_who_has_just_left_is_lost():
    async def story():
        ether = Ether()
        here, gone = (VirtualController(name, ether, f"02:4C:4B:00:01:{name}") for name in ("01", "02"))
        goodbye = ll.TerminateInd(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR)
        heard = []
        gone.on_ll_control_pdu = lambda sender, packet: heard.append(packet)
        ether.send_ll_control_pdu(here.public_address, gone.public_address, goodbye)
        await asyncio.sleep(0)
        assert heard == [goodbye]
        gone.leave()
        ether.send_ll_control_pdu(here.public_address, gone.public_address, goodbye)
        await asyncio.sleep(0)
        assert heard == [goodbye]

    asyncio.run(story())


def test_whoever_comes_second_to_the_same_advertisement_is_told():
    with world() as whole:
        _advertising(whole)

        async def both():
            async with whole.phone() as one, whole.phone() as other:
                calls = [phone.connect(ADDRESS + "/P", timeout_s=3, mtu=23) for phone in (one, other)]
                return await asyncio.gather(*calls, return_exceptions=True)

        results = whole.wait(both())
        assert sorted(type(result).__name__ for result in results) == ["ConnectionResetError", "NoneType"]


def test_a_phone_that_leaves_the_air_is_gone():
    with world() as whole:
        _advertising(whole)

        async def come_and_go():
            async with whole.phone() as phone:
                await phone.connect(ADDRESS + "/P", mtu=23)
                phone._transport.sink.transport.abort()  # no HCI command: carried out of reach

        whole.wait(come_and_go())
        assert [event for event, _ in whole.events(2)] == [radio_cases.CONNECT, radio_cases.DISCONNECT]


def test_a_flood_of_write_commands_is_survived():
    """More than anything buffers: some are lost, as on NimBLE, none holds up the firmware or another phone."""
    with world() as whole:
        handles = _advertising(whole)
        whole.call("gatts_set_buffer", handles[0], 512, True)
        flooder = whole.connect()
        whole.call("gap_advertise", 20_000)
        other = whole.connect()
        whole.events(2)

        async def flood():
            for _ in range(2_000):
                await flooder._phone.write(flooder._phone.find("fff1"), bytes(200), response=False)

        whole.wait(flood())
        assert other.write("fff1", b"still served") == 0
        assert 2 <= len(whole.events(2)) <= 2_001
        assert len(whole.call("gatts_read", handles[0])) == 512


def test_nonsense_on_the_wire_ends_that_connection_only():
    with world() as whole:

        async def speak(port, words):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(words)
            await reader.read()
            writer.close()

        for words in (
            b"advertise\n",
            b"notify 8 1 00\n",
            b"wrote 0 0\n",
            b"x" * 5_000,
            b"name zz\n",
            b"indicate 0 1 -\n\n",
        ):
            whole.wait(speak(whole.air.air_port, words))
        whole.wait(speak(whole.air.hci_port, b"GET / HTTP/1.1\r\n\r\n"))
        _advertising(whole)
        whole.connect()
        assert [event for event, _ in whole.events(1)] == [radio_cases.CONNECT]


def test_an_adapter_that_is_not_there_is_named():
    async def start(adapter):
        await Radio(air_port=0, hci_port=0, adapter=adapter).start()

    for adapter in ("usb:0", "nonsense:1", "tcp-client:127.0.0.1:1"):
        with pytest.raises(RadioError, match=adapter):
            asyncio.run(start(adapter))


def test_an_adapter_that_keeps_silent_is_given_up():
    async def start():
        silent = await asyncio.start_server(_car, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        radio = Radio(air_port=0, hci_port=0, adapter=f"tcp-client:127.0.0.1:{port}")
        try:
            with pytest.raises(RadioError, match="does not answer"):
                await radio.start()
        finally:
            await radio.stop()
            silent.close()

    asyncio.run(asyncio.wait_for(start(), 10))


def test_a_firmware_that_stands_still_costs_its_phones_nothing_but_time():
    with world() as whole:
        handles = _advertising(whole)
        whole.call("gatts_set_buffer", handles[0], 512, True)
        phone = whole.connect()
        whole.events(1)
        os.kill(whole.process_id, signal.SIGSTOP)

        async def flood():
            for _ in range(500):
                await phone._phone.write(phone._phone.find("fff1"), bytes(200), response=False)
            await asyncio.sleep(0.5)

        whole.wait(flood())
        assert [len(link.asked) for link in whole.air._peripheral._links.values()] == [64]
        os.kill(whole.process_id, signal.SIGCONT)
        whole.wait(_answered(phone))
        assert 64 < len(whole.events(65)) < 501


async def _answered(phone):
    """A write finds no room while others wait; a phone tries again."""
    while True:
        try:
            return await phone._phone.write(phone._phone.find("fff1"), b"after the pause")
        except att.ATT_Error as error:
            assert error.error_code == att.ATT_INSUFFICIENT_RESOURCES_ERROR
            await asyncio.sleep(0.01)


def test_coming_and_going_leaves_nothing_behind():
    with world() as whole:
        _advertising(whole)
        used = []
        for turn in range(30):
            phone = whole.connect()
            phone.disconnect()
            assert len(whole.events(2)) == 2
            whole.call("gap_advertise", 20_000)
            if turn in (9, 29):
                used.append(whole.call("probe_memory"))
        assert used[1] <= used[0] + 64
        assert not whole.air._peripheral._links and not whole.air._peripheral._tasks


def test_a_radio_that_talks_nonsense_is_switched_off():
    """Whatever it says instead of an event: connections end, and the next thing asked of it fails."""
    script = (
        "import sys, time\n"
        "from latchkey.chip.unix import bluetooth\n"
        "bluetooth.attach(sys.argv[1])\n"
        "ble = bluetooth.BLE()\n"
        "ble.irq(lambda event, data: print(event, data[0]))\n"
        "try:\n"
        "    ble.active(True)\n"
        "except OSError:\n"
        "    print('refused')\n"
        "while ble.active():\n"
        "    bluetooth.poll()\n"
        "    time.sleep_ms(1)\n"
        "print('off')\n"
    )
    hello = b"radio 0 024c4b000000\nconnect 0 1 c04c4b010001\n"
    off = "1 0\nThe radio has gone: 71\n2 0\noff\n"
    for words, said in (
        (b"what?\n", "refused\noff\n"),
        (hello + b"what?\n", off),
        (hello + b"mtu 1 100\n", off),
        (hello + b"write 0 16 zz\n", off),
        (hello + b"write 0 99 00\n", off),
        (hello + b"\n", off),
        (hello + b"x" * 5_000, off),
    ):
        assert asyncio.run(_hears(script, words)) == said, words


async def _hears(script, words):
    """What a script prints that meets a radio with these words."""

    async def radio(reader, writer):
        writer.write(words)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(radio, "127.0.0.1", 0)
    place = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(script)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            interpreter(),
            file.name,
            place,
            env={"MICROPYPATH": str(ROOT / "firmware")},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 5)
    server.close()
    return said.decode()


def test_the_chip_gives_the_radio_and_keeps_it_going():
    script = (
        "import sys, time\n"
        "from latchkey.chip.unix import Chip\n"
        "assert Chip(sys.argv[1], '', sys.argv[3]).radio() is None\n"
        "chip = Chip(sys.argv[1], '', sys.argv[3], sys.argv[2])\n"
        "radio = chip.radio()\n"
        "ble = radio.BLE()\n"
        "assert radio.BLE() is ble and chip.radio().BLE() is ble\n"
        "ble.active(True)\n"
        "over = []\n"
        "ble.irq(lambda event, data: over.append(event))\n"
        "ble.gap_advertise(20_000)\n"
        "while len(over) < 2:\n"
        "    chip.poll()\n"
        "    time.sleep_ms(1)\n"
        "print(over)\n"
    )
    assert asyncio.run(asyncio.wait_for(_chip_meets_a_phone(script), 10)) == "[1, 2]\n"


async def _car(reader, writer):
    writer.write(b"ready\n")
    await reader.read()
    writer.close()


async def _chip_meets_a_phone(script):
    air = Radio(air_port=0, hci_port=0)
    await air.start()
    await air.start_hci()
    harness = await asyncio.start_server(_car, "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/script.py"
        with open(path, "w") as file:
            file.write(script)
        process = await asyncio.create_subprocess_exec(
            interpreter(),
            path,
            "127.0.0.1:%d" % harness.sockets[0].getsockname()[1],
            f"127.0.0.1:{air.air_port}",
            folder,
            env={"MICROPYPATH": str(ROOT / "firmware")},
            stdout=asyncio.subprocess.PIPE,
        )
        async with Phone(air.hci_port) as phone:
            await phone.connect(ADDRESS + "/P", mtu=23)
        said, _ = await process.communicate()
    harness.close()
    await air.stop()
    return said.decode()
