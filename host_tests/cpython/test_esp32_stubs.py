"""The fakes of MicroPython's ESP32 modules take no more than micropython-esp32-stubs say there is, by their .pyi.

The stubs are of 1.29; what the firmware must do without on 1.26.1 the fakes leave out (fakes/esp32_world.py), and what
no stub knows is listed here with its source.
"""

import ast
import inspect
from pathlib import Path

import pytest
from fakes import esp32_wifi, esp32_world

TYPINGS = Path(__file__).resolve().parents[2] / "build/typings"
# In MicroPython's sources and not in the stubs: Pin(hold=) is in ports/esp32/machine_pin.c, the other in modesp32.c.
_UNKNOWN_TO_STUBS = {"Pin.__init__(hold)", "Pin.init(hold)", "esp32.gpio_deep_sleep_hold"}
_CLASSES = {
    "machine": (
        *(esp32_world.Pin, esp32_world.ADC, esp32_world.UART, esp32_world.SPI, esp32_world.I2C, esp32_world.WDT),
        esp32_world.RTC,
    ),
    "esp32": (esp32_world.RMT, esp32_world.NVS),
}
_STATION = ("active", "connect", "disconnect", "isconnected", "ifconfig", "status")
_NEWER = {"RMT": {"active", "loop_count", "PULSE_MAX"}}  # than 1.26.1


def _stub(module):
    path = TYPINGS / f"{module}.pyi"
    if not path.exists():
        pytest.skip("there are no stubs yet: `host_tests/check.py --only types` fetches them")
    return ast.parse(path.read_text())


def _functions(body):
    """name -> every overload."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node.args)
    return found


def _class(tree, name):
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _members(node):
    names = set(_functions(node.body))
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            names.add(each.target.id)
    return names


def _takes(function):
    """(how many positional parameters beside self, names of the keyword-only ones)"""
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    kinds = inspect.Parameter
    positional = sum(one.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD) for one in parameters)
    return positional, {one.name for one in parameters if one.kind is kinds.KEYWORD_ONLY}


def _allows(arguments, positional, keywords):
    names = [one.arg for one in arguments.posonlyargs + arguments.args if one.arg != "self"]
    return positional <= len(names) and keywords <= {one.arg for one in arguments.kwonlyargs}


def _compare(where, overloads, function):
    positional, keywords = _takes(function)
    keywords = {word for word in keywords if f"{where}({word})" not in _UNKNOWN_TO_STUBS}
    assert any(_allows(arguments, positional, keywords) for arguments in overloads), (where, positional, keywords)


def test_every_method_of_a_fake_is_one_of_the_stubs_and_takes_no_more():
    for module, classes in _CLASSES.items():
        tree = _stub(module)
        for fake in classes:
            node = _class(tree, fake.__name__)
            there = _functions(node.body)
            for name, function in vars(fake).items():
                if inspect.isfunction(function) and (name == "__init__" or not name.startswith("_")):
                    if fake is esp32_world.RMT and name in ("level", "lasts_ms"):
                        continue  # for the world around it
                    assert name in there, (fake.__name__, name)
                    _compare(f"{fake.__name__}.{name}", there[name], function)
                elif not name.startswith("_") and not callable(function):
                    assert name in _members(node), (fake.__name__, name)


def test_functions_and_constants_of_modules_are_those_of_the_stubs():
    for module, fake in (("machine", esp32_world.machine), ("esp32", esp32_world.esp32)):
        tree = _stub(module)
        there = _functions(tree.body)
        constants = {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
        for name, member in vars(fake).items():
            if inspect.isfunction(member) and f"{module}.{name}" not in _UNKNOWN_TO_STUBS:
                _compare(name, there[name], member)
            elif not inspect.isclass(member) and not inspect.isfunction(member):
                assert name in constants, name


def test_the_station_is_network_wlan():
    tree = _stub("network")
    there = _functions(_class(tree, "WLAN").body)
    for name in _STATION:
        _compare(name, there[name], getattr(esp32_wifi.Station, name))
    public = {
        name for name, member in vars(esp32_wifi.Station).items() if inspect.isfunction(member) and name[0] != "_"
    }
    assert public == {*_STATION, "WLAN"}


def test_what_is_newer_than_the_oldest_image_is_not_in_the_fakes():
    for name, members in _NEWER.items():
        fake = getattr(esp32_world, name)
        assert not [member for member in members if hasattr(fake, member)]
        assert members <= _members(_class(_stub("esp32"), name)), "the stubs have changed: look at this list"


def test_the_comparison_can_fail():
    overloads = _functions(_class(_stub("machine"), "WDT").body)["__init__"]
    with pytest.raises(AssertionError):
        _compare("WDT.__init__", overloads, lambda self, *, id=0, timeout=0, window=0: None)
    with pytest.raises(AssertionError):
        _compare("WDT.__init__", overloads, lambda self, a, b, c: None)
