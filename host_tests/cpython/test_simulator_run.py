"""The simulator as a program: it says where it listens, survives its firmware, and leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fakes.bench_process import ROOT, alive, bench, children, environment, launch


def folder():
    return tempfile.TemporaryDirectory(prefix="latchkey-")


def failure(**settings):
    """Starts a simulator that must not come up; gives the exit code and what it said."""
    with folder() as state:
        process = launch(environment(state, **settings))
        out, err = process.communicate(timeout=15)
        assert out == "", out
        return process.returncode, err


def test_it_says_where_everything_listens():
    with folder() as state, bench(state, RADIO="simulated") as simulator:
        words = [line.split()[0] for line in simulator.addresses if line]
        assert words == ["PN532", "card", "Bluetooth", "broker", "car", "USB", "state", "Open"]
        assert "broker        none: The broker is left out (BROKER=none)." in simulator.addresses
        for line in (*simulator.addresses[:3], simulator.addresses[4]):
            port = int(line.split(":")[1].split()[0])
            socket.create_connection(("127.0.0.1", port), 5).close()


def test_the_bolt_moves_when_the_firmware_wants_it_to():
    with folder() as state, bench(state) as simulator:
        simulator.running()
        simulator.post("car", {"button": True})
        simulator.wait(lambda state: state["car"]["bolt"] == "unlocked" and not state["car"]["driven"], "unlocked")
        newest = simulator.state()["verdicts"][0]
        assert (newest["source"], newest["action"], newest["accepted"]) == ("cabin", "unlock", True)
        simulator.post("car", {"doors": True, "button": False})
        simulator.post("car", {"button": True, "jam": True})
        simulator.wait(lambda state: state["car"]["operations"] == 2 and not state["car"]["driven"], "second pulse")
        assert simulator.state()["car"]["bolt"] == "unlocked"


def test_both_interrupt_and_termination_end_it_and_its_firmware_within_two_seconds():
    for number in (signal.SIGINT, signal.SIGTERM):
        with folder() as state, bench(state) as simulator:
            simulator.running()
            # An open page must not hold it up.
            page = socket.create_connection(("127.0.0.1", simulator.port))
            page.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{simulator.port}\r\n\r\n".encode())
            page.recv(100)
            (firmware,) = children(simulator.process.pid)
            began = time.monotonic()
            simulator.process.send_signal(number)
            simulator.process.wait(10)
            page.close()
            assert simulator.process.returncode == 0
            assert time.monotonic() - began < 2.0
            assert not alive(firmware)


def test_the_firmware_dies_with_a_simulator_that_is_killed():
    with folder() as state, bench(state) as simulator:
        simulator.running()
        (firmware,) = children(simulator.process.pid)
        simulator.process.kill()
        simulator.process.wait()
        until = time.monotonic() + 5
        while alive(firmware) and time.monotonic() < until:
            time.sleep(0.02)
        assert not alive(firmware)


def test_an_armed_power_cut_strikes_and_the_state_survives_it():
    with folder() as state, bench(state) as simulator:
        simulator.running()
        press(simulator)
        simulator.post("faults", {"power_cut": {"write": 1, "variant": "half"}})
        assert simulator.state()["armed_cut"] == {"write": 1, "variant": "half"}
        press(simulator)
        simulator.wait(lambda state: state["firmware"]["state"] == "off", "power off")
        dark = simulator.state()
        assert dark["controller"] is None and dark["armed_cut"] is None and not dark["car"]["driven"]
        assert dark["hint"]["text"].startswith("The power is off")
        simulator.running(starts=2)
        assert Path(state, "flash/writes").read_text() == "1", "the write that was cut must not count"


def press(simulator):
    simulator.post("car", {"button": True})
    simulator.post("car", {"button": False})
    simulator.wait(lambda state: not state["car"]["driven"])


def test_a_firmware_that_ends_is_seen_and_started_again():
    with folder() as state, bench(state) as simulator:
        simulator.running()
        simulator.post("car", {"speed": 299})
        crashed = simulator.wait(lambda state: state["firmware"]["state"] == "crashed", "crash")
        assert "exit code 1" in crashed["firmware"]["message"]
        simulator.post("car", {"speed": 0})
        assert simulator.running(starts=2)["verdicts"] == []


def test_nonsense_on_the_wire_is_reported_and_violations_are_shown():
    with folder() as state, bench(state) as simulator:
        simulator.running()
        simulator.post("car", {"speed": 298})
        simulator.post("car", {"speed": 297})
        seen = simulator.wait(lambda state: state["car"]["violation_count"] == 2, "violations")
        assert {one["kind"] for one in seen["car"]["violations"]} == {"both-coils", "long-pulse"}
        assert seen["firmware"]["state"] == "running"


def test_a_wire_that_was_pulled_before_power_up_is_never_mentioned():
    with folder() as state, bench(state) as simulator:
        simulator.running()
        simulator.post("car", {"unplug": {"speed": True}})
        simulator.post("faults", {"power": "off"})
        simulator.running(starts=2)
        # The stand-in ends itself when it hears of an input that it was not told of at its start.
        simulator.post("car", {"speed": 20})
        simulator.post("car", {"unplug": {"speed": False}})
        press(simulator)
        assert simulator.state()["firmware"] == {"state": "running", "message": "", "starts": 2}


def test_erasing_leaves_a_blank_controller_and_the_wallet():
    with folder() as state, bench(state) as simulator:
        simulator.running()
        press(simulator)
        before = [card["id"] for card in simulator.state()["cards"]]
        simulator.post("reset", {"confirm": "erase everything"})
        after = simulator.running(starts=2)
        assert not Path(state, "flash/writes").exists() and after["verdicts"] == []
        assert [card["id"] for card in after["cards"]] == before


def test_wallet_and_flash_survive_a_restart():
    with folder() as state:
        with bench(state) as simulator:
            simulator.running()
            press(simulator)
            simulator.wait(lambda state: state["flash"] == {"writes": 1, "erases": 0}, "flash write")
            before = [card["id"] for card in simulator.state()["cards"]]
        with bench(state) as simulator:
            simulator.running()
            assert [card["id"] for card in simulator.state()["cards"]] == before
            assert Path(state, "flash/writes").read_text() == "1"


def test_a_taken_port_is_named_with_the_setting_that_moves_it():
    for name in ("PORT", "VPCD_PORT", "PN532_PORT", "HARNESS_PORT", "AIR_PORT", "HCI_PORT"):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            code, said = failure(**{name: port, "RADIO": "simulated"})
            assert code == 2 and port in said and f"{name}=" in said and said.count("\n") == 1, said


def test_what_is_missing_is_said_in_one_sentence():
    for settings, word in (
        ({"MICROPYTHON": "/nowhere/micropython"}, "MICROPYTHON=/nowhere/micropython"),
        ({"FIRMWARE": "/nowhere/main.py"}, "FIRMWARE="),
        ({"READER": "/dev/nowhere"}, "/dev/nowhere"),
        ({"READER": "tcp:elsewhere"}, "tcp:HOST:PORT"),
        ({"PORT": "eighty"}, "PORT=eighty"),
        ({"RADIO": "nonsense:0"}, "RADIO=nonsense:0"),
    ):
        code, said = failure(**settings)
        assert code == 2 and word in said and said.count("\n") == 1 and "Traceback" not in said, said


def test_two_simulators_do_not_share_a_flash_image():
    with folder() as state, bench(state):
        process = launch(environment(state))
        _, said = process.communicate(timeout=15)
        assert process.returncode == 2 and "STATE=" in said


def test_a_reader_elsewhere_takes_the_place_of_the_simulated_one():
    with folder() as state, bench(state, READER="tcp:127.0.0.1:9") as simulator:
        shown = simulator.running()
        assert shown["reader"]["kind"] == "remote" and shown["reader"]["address"] == "127.0.0.1:9"
        assert shown["cards"] == []
        assert simulator.request("POST", "/api/faults", {"reader": "dead"})[0] == 409
        assert not any(line.startswith("card slot") for line in simulator.addresses)


def test_the_radio_can_be_left_out_and_is_not_needed():
    with folder() as state, bench(state, RADIO="none") as simulator:
        assert "Bluetooth     none (RADIO=none)" in simulator.addresses
    with folder() as state, folder() as path:
        Path(path, "bumble.py").write_text("raise ModuleNotFoundError('bumble', name='bumble')")
        without = f"{path}:{ROOT / 'tools'}"
        with bench(state, PYTHONPATH=without, RADIO="simulated") as simulator:
            (said,) = [line for line in simulator.addresses if line.startswith("Bluetooth")]
            assert "none: the Python package bumble is missing" in said
            assert "bumble is missing" in simulator.running()["phones_here"]["why"]
        code, error = failure(PYTHONPATH=without, RADIO="usb:0")
        assert code == 2 and "RADIO=usb:0 needs the Python package bumble" in error


def test_a_reader_on_a_serial_port_is_bridged_to_the_firmware():
    ours, theirs = os.openpty()
    try:
        with folder() as state, bench(state, READER=os.ttyname(theirs)) as simulator:
            assert simulator.running()["reader"]["kind"] == "serial"
            port = int(simulator.addresses[0].split(":")[1].split()[0])
            with socket.create_connection(("127.0.0.1", port), 5) as firmware:
                firmware.sendall(b"\x55\x55")
                assert os.read(ours, 2) == b"\x55\x55"
    finally:
        os.close(ours)
        os.close(theirs)


def test_the_command_has_words_of_help():
    said = subprocess.run(
        [sys.executable, "-m", "latchkey_tools", "simulator", "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
        capture_output=True,
        text=True,
        timeout=15,
        check=True,
    ).stdout
    assert all(name in said for name in ("VPCD_PORT", "READER", "RADIO", "HCI_PORT", "MICROPYTHON", "STATE"))
