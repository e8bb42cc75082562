"""Drills of the cloud: a few of them with the firmware's process and a real broker, and how they are judged."""

import asyncio
import socket
import ssl
import struct
import tempfile
from pathlib import Path

import pytest
from latchkey_tools.benchmark.figures import write_into
from latchkey_tools.build import shipped
from latchkey_tools.outage import figures, table
from latchkey_tools.outage.certificates import Certificates
from latchkey_tools.outage.drill import Volume, drill, stage
from latchkey_tools.outage.figures import PRESS_DELAYED, TAP_DELAYED, Found, Sample, Timed, own, together
from latchkey_tools.outage.hostile_process import hostile_broker
from latchkey_tools.outage.rows import ROWS
from latchkey_tools.outage.waiting import waited_ns
from latchkey_tools.simulator import broker_process, flood

_VOLUME = Volume(taps=(2, 3), presses=(5, 2))
_QUICK = [row for row in ROWS if row.quick]
# A few taps have no p99, that is for `make drills`; here nothing may stall, on a machine that others use as well.
_LATE = frozenset((TAP_DELAYED, PRESS_DELAYED))
_STALL_MS = 250


async def _drilled():
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder)) as on:
            return await drill(on, _QUICK, _VOLUME, lambda found: print(table.line(found)), _LATE)


@pytest.mark.timing
@pytest.mark.broker
def test_a_few_outages_beside_a_card_and_a_phone():
    """Refused, and flooded over TLS; the others: `make drills`."""
    assert broker_process.mosquitto(), broker_process.MISSING
    assert not shipped.build(["mpy", shipped.TESTS])
    rows = asyncio.run(_drilled())
    assert [found.row for found in rows] == [row.name for row in _QUICK] and len(rows) == 2
    for found in rows:
        assert len(found.taps.idle) == 2 and len(found.taps.drilled) == 3
        assert len(found.presses.idle) == 5 and len(found.presses.drilled) == 2
        assert set(found.missed()) <= _LATE, table.line(found)
        for timed in (found.taps, found.presses):
            idle, drilled = max(own(timed.idle)), max(own(timed.drilled))
            assert drilled <= idle + _STALL_MS, table.line(found)


def _timed(idle, drilled, lost=0, waited=0.0):
    """ms; waited: of each drilled one, for a processor."""
    return Timed([Sample(ms) for ms in idle], [Sample(ms, waited) for ms in drilled], lost)


def _found(**changes):
    good = {
        "row": "a row",
        "taps": _timed([2.0] * 99 + [4.0], [2.0] * 98 + [7.2] * 2),
        "presses": _timed([10.0] * 10, [16.0] * 10),
        "files": (8, 8),
        "free": (90_000, 90_000 - figures.GROWTH),
        "struck": "it was seen",
    }
    return Found(**{**good, **changes})


def test_what_is_just_met_is_met():
    assert _found().missed() == []


def test_what_is_missed_is_named():
    assert _found(taps=_timed([2.0] * 100, [2.0] * 98 + [7.21] * 2)).missed() == [figures.TAP_DELAYED]
    assert _found(presses=_timed([10.0], [16.1])).missed() == [figures.PRESS_DELAYED]
    assert _found(taps=_timed([2.0], [2.0], lost=1)).missed() == [figures.TAP_LOST]
    assert _found(presses=_timed([2.0], [2.0], lost=1)).missed() == [figures.PRESS_LOST]
    assert _found(files=(8, 9)).missed() == [figures.DESCRIPTORS_GREW]
    assert _found(free=(90_000, 90_000 - figures.GROWTH - 1)).missed() == [figures.HEAP_GREW]
    assert _found(restarted=True).missed() == [figures.RESTARTED]
    assert _found(links_restarted=1).missed() == [figures.LINK_RESTARTED]
    assert _found(replayed=1).missed() == [figures.REPLAYED]


def test_a_fault_that_did_not_happen_has_shown_nothing():
    assert _found(struck="").missed() == [figures.NOT_DONE]


def test_a_row_that_broke_off_is_missed_and_counts_for_nothing_else():
    broken = _found(broken="the cloud is not connected after 20 s")
    assert broken.missed() == ["the cloud is not connected after 20 s"]
    assert together([broken]).taps.drilled == [] and len(together([_found(), broken]).taps.drilled) == 100
    assert "MISSED: a row: the cloud is not connected" in "\n".join(table.summary([_found(), broken]))


def test_the_longest_has_a_bound_of_its_own():
    """With many taps one in a hundred may be longer, and by so much at most."""
    idle = [2.0] * 200
    assert _found(taps=_timed(idle, [2.0] * 199 + [52.0])).missed() == []
    assert _found(taps=_timed(idle, [2.0] * 199 + [52.1])).missed() == [figures.TAP_DELAYED]


def test_what_others_had_the_processor_for_is_not_the_firmwares():
    late = _found(taps=_timed([2.0], [80.0], waited=74.0))
    assert late.missed() == [] and not late.taps.by_the_clock
    assert "taps without waits for this PC's processor: p99 2.0 → 6.0" in table.line(late)
    assert _found(taps=_timed([2.0], [80.0], waited=72.0)).missed() == [figures.TAP_DELAYED]
    assert Sample(3.0, 5.0).own == 0.0 and Sample(3.0, 1.0).own == 2.0


def test_a_process_that_is_not_there_waits_for_nothing():
    assert waited_ns("self") >= 0 and waited_ns("0") == 0


def test_a_percentile_is_one_of_the_values():
    values = [float(number) for number in range(100, 0, -1)]
    assert [figures.at(values, part) for part in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert figures.at([7.0], 0.99) == 7.0 and figures.at([], 0.99) == 0.0
    assert _timed([2.0], [3.0]).ratio == 1.5 and _timed([], [3.0]).ratio == 0.0


def test_rows_together_are_all_their_taps():
    one, other = _found(files=(8, 8), free=(900, 890)), _found(files=(8, 9), free=(890, 870), replayed=1)
    whole = together([one, other])
    assert len(whole.taps.idle) == 200 and len(whole.presses.drilled) == 20
    assert whole.files == (8, 9) and whole.grown == 30 and whole.replayed == 1
    assert len(one.taps.idle) == 100


def test_what_was_missed_is_seen_in_every_form():
    good, bad = _found(), _found(row="a bad one", files=(8, 9), again=True)
    assert "it was seen" in table.line(good) and "MISSED" not in table.line(good)
    assert "MISSED: descriptors left open, measured a second time" in table.line(bad)
    text, markdown = "\n".join(table.summary([good, bad])), "\n".join(table.markdown([good, bad]))
    assert "1 of 2 rows" in text and "MISSED: a bad one: descriptors left open" in text
    assert "**a bad one: descriptors left open**" in markdown and "1 of 2 rows" in markdown
    cells = [len(line.split("|")) for line in markdown.splitlines() if line.startswith("|")]
    assert len(cells) == 5 and set(cells) == {11}


def test_a_restart_is_not_hidden_in_the_table():
    assert "restarted no link" in "\n".join(table.markdown([_found()]))
    for changes in ({"restarted": True}, {"links_restarted": 1}):
        markdown = "\n".join(table.markdown([_found(**changes)]))
        assert "restarted no link" not in markdown and "or a link of it, restarted." in markdown


def test_the_table_stands_between_its_markers(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    assert write_into(readme, "new", table.BEGIN, table.END)
    assert readme.read_text() == f"before\n{table.BEGIN}\n\nnew\n\n{table.END}\nafter\n"
    assert not write_into(readme, "new")


def _swallow(port, ca):
    """A client that takes some of what it is sent, over TLS, and is gone."""
    context = ssl.create_default_context(cafile=ca)
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # ends by RST
        with context.wrap_socket(plain, server_hostname="localhost") as victim, victim.makefile("rb") as stream:
            victim.sendall(flood.connect("victim") + b"\x82\x06\x00\x01\x00\x01t\x00")
            assert len(stream.read(500_000)) == 500_000


def test_a_hostile_broker_hears_orders_after_its_victim_has_gone(tmp_path):
    """It pours 256 MB into a connection that ends in between, and must notice."""
    made = Certificates(tmp_path)
    with hostile_broker(made) as broker:
        broker.change("huge", after_s=0)
        _swallow(broker.port, made.pem("ca"))
        assert broker.counts()["connects"] == 1
        assert broker.change("honest")["connections"] == 1


def test_every_row_has_a_name_of_its_own():
    assert len({row.name for row in ROWS}) == len(ROWS) == 22
