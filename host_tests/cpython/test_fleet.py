"""A share of the fleet, through a shorter outage and the whole hour of being loud; and its picture."""

from xml.etree import ElementTree

from fakes.scale import LONG
from latchkey_tools.fleet import __main__ as command
from latchkey_tools.fleet.figures import MOST_BYTES, MOST_PUBLISHES, figures
from latchkey_tools.fleet.simulation import Fleet, Plan
from pytest import raises

_OUTAGE = Plan(gone=700, back=2_000, loud=2_950, end=2_950)
_SHORT = Plan(gone=700, back=1_300, loud=2_250, end=2_250)
_LOUD = Plan(gone=700, back=701, loud=1_700, end=5_500)


def test_a_share_of_the_fleet_comes_back_as_it_should():
    """Half of 10,000, for 1 % of fewer is so few that chance alone goes beyond it."""
    fleet = Fleet(5_000, 20_211_119, _OUTAGE).run()
    counted = figures(fleet)
    assert counted.kept, "\n".join(counted.lines())
    assert 0 < counted.arrivals < counted.reconnects <= 50
    assert 0 < counted.half_back_s < counted.all_back_s <= 901
    assert not sum(fleet.attempts[: _OUTAGE.gone + 1])
    assert all(each.up for each in fleet.controllers)


def test_a_share_of_the_fleet_is_told_to_be_loud():
    fleet = Fleet(500, 20_211_119, _LOUD).run()
    counted = figures(fleet)
    assert counted.wanted > 350 * 500
    assert counted.sent < 60 * 500
    assert 45 < counted.most_publishes <= MOST_PUBLISHES
    assert 5_000 < counted.most_bytes <= MOST_BYTES
    assert counted.locks_refused == 0
    assert counted.loud_s == 3_600, "though ten years were asked for"


if LONG:

    def test_the_whole_fleet_keeps_the_bounds():
        for seed in (1, 2, 3):
            counted = figures(Fleet(10_000, seed).run())
            assert counted.kept, "\n".join(counted.lines())


def test_the_same_seed_is_the_same_run_and_another_is_not():
    runs = [Fleet(200, seed, _SHORT).run() for seed in (1, 1, 2)]
    assert runs[0].attempts == runs[1].attempts and runs[0].sent == runs[1].sent
    assert runs[0].attempts != runs[2].attempts


def test_waits_for_a_single_car_would_break_the_bound_of_a_fleet():
    counted = figures(Fleet(1_000, 1, _SHORT, wait_percent=10).run())
    assert counted.reconnects > 20
    assert not counted.kept
    assert counted.lines()[-1] == "A BOUND IS BROKEN."


def test_the_command_draws_and_tells_and_judges(tmp_path, monkeypatch, capsys):
    plot = tmp_path / "made" / "fleet.svg"
    monkeypatch.setattr(command, "_FEWEST", 20)
    monkeypatch.setattr("sys.argv", ["fleet", "--controllers", "20", "--plot", str(plot)])
    assert command.main() == 1, "20 controllers cannot keep to a fifth of one"
    assert "20 controllers" in capsys.readouterr().out
    words = " ".join(part.text for part in ElementTree.fromstring(plot.read_text()).iter() if part.text)
    for expected in ("broker gone", "1 % of the fleet", "as loud as possible", "60 in an hour from each"):
        assert expected in words


def test_the_command_takes_no_fleet_that_chance_decides_about(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["fleet", "--controllers", "4999"])
    with raises(SystemExit):
        command.main()
    assert "5,000 at least" in capsys.readouterr().err
