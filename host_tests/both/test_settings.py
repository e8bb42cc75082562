"""What the owner has set: on the file system of a controller, through resets, damage and a full flash."""

from fakes.bench_disk import contents, damage, new_disk
from fakes.scale import SHORT
from latchkey.storage.records import Record
from latchkey.storage.settings import DAMAGED, NAMES, NO_SUCH_NAME, STORAGE_FAILED, TOO_LONG, Settings, SettingsError


def _settings(disk):
    """After a boot."""
    return Settings(Record(disk.mount() + "/settings"))


def _set(settings, name, value):
    """0 where it was set, else the code of why not."""
    try:
        for _ in settings.change_steps(name, value):
            pass
    except SettingsError as error:
        assert str(error)
        return error.code
    return 0


def test_nothing_is_set_on_a_new_controller():
    settings = _settings(new_disk())
    assert settings.read() == {}
    assert _set(settings, "user", "") == 0 and settings.generation == 0 and settings.read() == {}


def test_what_is_set_outlives_a_reset_and_can_be_taken_back():
    disk = new_disk()
    settings = _settings(disk)
    values = {"broker": "mqtts://192.0.2.1", "user": "süßer Name", "psk": "00" * 16}
    for name, value in values.items():
        assert _set(settings, name, value) == 0
    assert settings.generation == 3 and settings.read() == values
    disk.cut_power()
    settings = _settings(disk)
    assert settings.read() == values
    assert _set(settings, "user", "") == 0
    del values["user"]
    disk.cut_power()
    assert settings.generation == 1 and _settings(disk).read() == values


def test_an_equal_value_writes_nothing():
    disk = new_disk()
    settings = _settings(disk)
    assert _set(settings, "user", "x") == 0
    written, generation = disk.written, settings.generation
    assert _set(settings, "user", "x") == 0
    assert (disk.written, settings.generation) == (written, generation)


def test_a_shorter_value_leaves_no_end_of_the_longer_one():
    disk = new_disk(512, 64)
    settings = _settings(disk)
    for value in ("y" * 700, "z", "", "w" * 40):
        assert _set(settings, "password", value) == 0
        disk.cut_power()
        settings = _settings(disk)
        assert settings.read() == ({"password": value} if value else {})
    data = contents(disk.mount() + "/settings.a")
    assert b"yy" not in data, "a password that was taken back is not left in the file"


def test_unknown_names_and_long_values_are_refused():
    disk = new_disk(512, 64)
    settings = _settings(disk)
    for name in ("", "Broker", "wireless", "passwords", "broker "):
        assert _set(settings, name, "x") == NO_SUCH_NAME
    assert _set(settings, "password", "x" * 1_401) == TOO_LONG
    assert _set(settings, "password", "x" * 1_400) == 0
    lengths = [_set(settings, name, "x" * 1_400) for name in NAMES[3:7]]
    assert lengths.count(0) == 2 and TOO_LONG in lengths, "5,000 characters in all"
    assert settings.generation == 3 and len(settings.read()) == 3


def test_where_there_is_no_file_system_nothing_can_be_set():
    settings = Settings(None)
    assert settings.read() == {} and _set(settings, "user", "x") == STORAGE_FAILED and settings.generation == 0


def test_one_damaged_copy_does_no_harm_and_two_are_said_and_can_be_begun_anew():
    disk = new_disk()
    settings = _settings(disk)
    assert _set(settings, "user", "x") == 0
    damage(disk.mount() + "/settings.a")
    assert _settings(disk).read() == {"user": "x"}
    for copy in ("a", "b"):
        damage(disk.mount() + "/settings." + copy)
    settings = _settings(disk)
    try:
        settings.read()
    except SettingsError as error:
        assert error.code == DAMAGED
    else:
        raise AssertionError("damage was read")
    assert _set(settings, "password", "new") == 0
    assert settings.read() == {"password": "new"}
    disk.cut_power()
    assert _settings(disk).read() == {"password": "new"}


def test_a_full_flash_changes_nothing():
    disk = new_disk()
    settings = _settings(disk)
    assert _set(settings, "user", "x") == 0
    disk.full = True
    assert _set(settings, "user", "y") == STORAGE_FAILED
    assert settings.generation == 1 and settings.read() == {"user": "x"}
    disk.full = False
    assert _set(settings, "user", "y") == 0 and settings.read() == {"user": "y"}


def test_the_power_fails_at_every_write():
    """Old or new, whole, and new where that was said; and then it can be changed again."""
    if not hasattr(new_disk(), "power"):
        return _without_flash()
    old, new = {"user": "x" * 300}, {"user": "x" * 300, "password": "y" * 500}
    cuts = olds = news = 0
    for variant in (1, 2) if SHORT else (0, 1, 2, 3):
        after = 0
        while True:
            after += 1
            disk = new_disk()
            settings = _settings(disk)
            assert _set(settings, "user", old["user"]) == 0
            disk.power.cut(after, variant)
            code = _set(settings, "password", new["password"])
            if not disk.power.gone:
                assert code == 0
                break
            disk.cut_power()
            settings = _settings(disk)
            found = settings.read()
            assert found == new or (found == old and code), (variant, after, code, found)
            cuts += 1
            olds += found == old
            news += found == new
            assert _set(settings, "password", "z") == 0
            assert settings.read() == {"user": old["user"], "password": "z"}
    print("a setting: %d cuts, %d old, %d new" % (cuts, olds, news))
    assert olds and news


def _without_flash():
    """CPython has no LittleFS: a change that is stopped after each of its steps."""
    steps = 0
    while True:
        steps += 1
        disk = new_disk()
        settings = _settings(disk)
        assert _set(settings, "user", "x" * 600) == 0
        change = settings.change_steps("password", "y" * 500)
        for _ in range(steps):
            if next(change, "end") == "end":
                return
        change.close()
        assert _settings(disk).read() in ({"user": "x" * 600}, {"user": "x" * 600, "password": "y" * 500})


def test_what_rots_after_the_boot_is_said_as_well():
    disk = new_disk()
    settings = _settings(disk)
    assert _set(settings, "user", "x") == 0
    path = disk.mount() + "/settings."
    for copy in ("a", "b"):
        damage(path + copy)
    assert _code_of_reading(settings) == DAMAGED


def test_a_record_that_is_whole_and_no_text_of_settings_is_damaged():
    disk = new_disk()
    for _ in Record(disk.mount() + "/settings").change_steps(0, b'{"user"'):
        pass
    settings = _settings(disk)
    assert _code_of_reading(settings) == DAMAGED
    assert _set(settings, "user", "x") == 0 and _settings(disk).read() == {"user": "x"}


def _code_of_reading(settings):
    try:
        settings.read()
    except SettingsError as error:
        return error.code
    return 0
