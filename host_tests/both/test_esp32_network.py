"""Wi-Fi on an ESP32: up by itself, cured by a ladder, never waited for; name and password from the settings."""

from fakes.esp32_wifi import Station
from fakes.scale import LONG, SHORT
from fakes.virtual_time import VirtualTime


class _Settings:
    def __init__(self, **values):
        self.generation = 0
        self.values = values
        self.fails = False

    def read(self):
        if self.fails:
            raise MemoryError
        return self.values


def _home():
    return _Settings(wifi="home", wifi_password="secret of the house")


def _network(settings):
    time = VirtualTime()
    station = Station(time)
    from latchkey.chip.esp32 import network

    network.time = time
    network.network = station  # the module was perhaps imported for another station
    return time, station, network.Network(settings)


def _seconds_until_up(time, network):
    for waited_s in range(1_900):
        if network.is_up():
            return waited_s
        _pass(time, network, 1)
    raise AssertionError("it never came back")


def _pass(time, network, seconds):
    for _ in range(seconds):
        time.advance(1_000)
        network.climb()


def test_without_a_name_the_radio_stays_off():
    time, station, network = _network(_Settings())
    _pass(time, network, 2_000)
    assert station.orders == [] and station.made == 0
    assert not network.is_up() and network.name_servers() == ()
    assert network.rssi == 0 and station.made == 0


def test_it_connects_and_says_what_a_resolver_needs():
    time, _, network = _network(_home())
    assert not network.is_up()
    _pass(time, network, 5)
    assert network.is_up()
    assert network.name_servers() == (bytes([192, 0, 2, 53]),)
    assert network.sockaddr(bytes([192, 0, 2, 1]), 8883) == ("192.0.2.1", 8883)
    assert network.rssi == -67


def test_nothing_of_it_is_told_while_the_access_point_is_away():
    time, station, network = _network(_home())
    station.near = False
    _pass(time, network, 10)
    assert not network.is_up() and network.name_servers() == () and network.rssi == 0


def test_an_access_point_that_comes_back_is_found_without_any_rung():
    time, station, network = _network(_home())
    _pass(time, network, 5)
    station.near = False
    _pass(time, network, 30)
    assert not network.is_up()
    station.near = True
    before = len(station.orders)
    network.is_up()
    _pass(time, network, 4)
    assert network.is_up() and len(station.orders) == before


def test_the_ladder_asks_anew_then_switches_the_radio_off_and_on_and_then_every_15_min():
    time, station, network = _network(_home())
    station.near = False
    _pass(time, network, 3_000)
    told = [(at // 1_000, order) for at, order in station.orders]
    assert told[:2] == [(2, "on"), (2, "connect")]
    assert told[2:7] == [(62, "disconnect"), (62, "connect"), (302, "off"), (303, "on"), (303, "connect")]
    resets = [at for at, order in told if order == "off"]
    assert resets == [302, 1_203, 2_104]


def test_a_driver_in_a_wrong_state_is_cured():
    for fault in ("stuck", "deaf"):
        time, station, network = _network(_home())
        _pass(time, network, 5)
        setattr(station, fault, True)
        assert not network.is_up()
        _pass(time, network, 310)
        assert network.is_up(), fault


def test_other_settings_count_at_once_and_unreadable_ones_are_read_again():
    time, station, network = _network(_home())
    _pass(time, network, 5)
    settings = network._settings
    settings.values = {"wifi": "elsewhere"}
    settings.fails = True
    settings.generation = 1
    _pass(time, network, 3)
    assert network.is_up()  # the old ones
    settings.fails = False
    _pass(time, network, 5)
    assert not network.is_up()
    settings.values = {}
    settings.generation = 2
    _pass(time, network, 2)
    assert not station.active()


def test_nothing_is_asked_of_it_twice_in_one_turn_and_it_never_raises():
    time, station, network = _network(_home())
    station.mute = True  # every order fails
    _pass(time, network, 1_000)
    assert len(station.orders) < 1_010
    station.mute = False
    _pass(time, network, 905)
    assert network.is_up()


def test_whatever_happens_it_comes_back_within_two_rungs():
    """10,000 changes of fortune. After each: two periods of the ladder of fair weather, at most, until it is up."""
    time, station, network = _network(_home())
    seed = 1
    waits = []
    for _ in range(10_000 if LONG else 50 if SHORT else 300):
        seed = (seed * 1_103_515_245 + 12_345) & 0x3FFFFFFF
        station.near = bool(seed >> 8 & 3)
        station.stuck = not seed >> 10 & 7
        station.deaf = not seed >> 13 & 7
        station.mute = not seed >> 16 & 15
        _pass(time, network, (seed >> 20) & 63)
        station.near, station.mute = True, False
        if seed >> 4 & 1:
            continue
        waits.append(_seconds_until_up(time, network))
    assert max(waits) <= 1_810, max(waits)
