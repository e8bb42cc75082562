"""`latchkey status` in words, against what the firmware's own console tells, and where nobody answers."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from fakes.link_world import LinkWorld
from latchkey.core import codes
from latchkey.links.console import Console
from latchkey_tools import cli, status


class _Inputs:
    supply_mv = -1


class _Link:
    state, connected, why, wait_s, received, sent, shed = 1, False, "nothing listens at the broker's port", 7, 0, 0, 0


class _Start:
    link = _Link


def _console(world, cloud=None):
    return Console(None, world.vehicle, _Inputs, [], world.link, cloud)


def test_a_car_without_a_cloud():
    world = LinkWorld()
    told = status.sentences(_console(world).status())
    assert told == [
        "Locked, as the sensor shows; doors closed.",
        "Driving: denied.",
        "1 key. Reader: none. 0 phones connected.",
        "No cloud is set.",
    ]
    world.vehicle.sense_bolt(codes.BETWEEN)
    assert status.sentences(_console(world).status())[0].startswith("It is not known whether the vehicle is locked;")
    world.close()


def test_the_night_of_the_outage():
    world = LinkWorld()
    world.vehicle.cloud_is(codes.CLOUD_AWAY)
    world.pass_ms(3_600_000, 1_000)
    console = _console(world, _Start)
    assert status.cloud(console.status()) == (
        "Cloud away for 1 h 0 min (nothing listens at the broker's port): your card and phone work. "
        "From afar it may be locked; unlocking is off."
    )
    world.vehicle.remote.switch_at_the_car(True)
    assert status.cloud(console.status()).endswith("Control from afar is switched off.")
    world.close()


def test_a_journal_that_is_not_as_it_should_be():
    world = LinkWorld()
    told = _console(world).status()
    sound = status.sentences(told)
    for state, found, word in (
        ("failing", "", "cannot be written"),
        ("recording", "damaged", "missing or false"),
        ("recording", "state lost", "key was gone"),
    ):
        told["journal"] = {"state": state, "found": found, "head": ""}
        *rest, last = status.sentences(told)
        assert rest == sound and word in last
    world.close()


def test_durations():
    spans = (0, 59, 60, 3_599, 3_600, 86_399, 86_400, 1_000_000)
    assert [status.duration(seconds) for seconds in spans] == [
        "0 s", "59 s", "1 min", "59 min", "1 h 0 min", "23 h 59 min", "1 d 0 h", "11 d 13 h",
    ]  # fmt: skip


def test_nobody_answers_and_what_answers_is_no_simulator(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert cli.main(["status", "--simulator", f"http://127.0.0.1:{port}"]) == 2
    assert "Start one with `make run`" in capsys.readouterr().out
    for body, code in ((b"[]", 2), (b"not json", 2), (b'{"controller": null}', 1)):
        assert _answered(body) == code


def _answered(body):
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        try:
            return cli.main(["status", "--simulator", f"http://127.0.0.1:{server.server_port}"])
        finally:
            thread.join()
