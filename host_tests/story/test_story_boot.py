"""What a reset does, and does not do: nothing moves by itself, and the list of keys is what flash holds of it."""

import os

from fakes.bench import Bench, Time, codes
from fakes.bench_cards import key_card
from fakes.bench_disk import contents, damage, replace


def test_nothing_moves_and_nothing_is_decided_at_boot():
    for ticks_at_reset in (0, 1, 700):  # the ESP32 counts from zero, which is no time at which anything happened
        bench = Bench(time=Time(ticks_at_reset))
        bench.enrol(key_card(1), codes.OWNER)

        async def story(bench=bench):
            await bench.pass_ms(5_000)
            assert bench.rows() == []
            assert bench.bolt.pulses == []

        bench.run(story())


def _car():
    """A claimed controller with an owner, and a driver added later."""
    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)
    return bench, owner, bench.enrol(key_card(2), codes.DRIVER)


def _paths(bench):
    point = bench.disk.mount()
    return point + "/keys.a", point + "/keys.b"


async def _works(bench, owner, driver):
    assert bench.status()["registry"] == "ready"
    assert (await bench.tap(owner))[0] == codes.ACCEPTED
    assert (await bench.tap(driver))[0] == codes.ACCEPTED


async def _recognises_nobody(bench, *cards):
    assert (bench.status()["registry"], bench.status()["claimed"]) == ("unreadable", True)
    for card in cards:
        assert await bench.tap(card, 700, 3_600) == [codes.NO_REGISTRY]
        assert bench.signal() == (3, 6, False, 6)
    assert await bench.press(5_300) == [codes.ENROLMENT_CLOSED]  # it was claimed, and is not blank for having forgotten
    assert bench.status()["enrolment"] == "closed"
    assert await bench.press(300) == [codes.ACCEPTED]  # from within one can always get out
    assert bench.pulses() == ["unlock"]


def test_one_damaged_or_missing_copy_is_mended_and_nobody_notices():
    for copy in (0, 1):
        for harm in (damage, os.remove):
            bench, owner, driver = _car()
            harm(_paths(bench)[copy])
            bench.run(_works(bench, owner, driver))
            first, second = _paths(bench)
            assert contents(first) == contents(second)


def test_with_both_copies_damaged_or_missing_nobody_is_recognised_and_nobody_can_claim():
    for harm in (damage, os.remove, lambda path: damage(path, 0), lambda path: replace(path, b"")):
        bench, owner, driver = _car()
        for path in _paths(bench):
            harm(path)
        bench.run(_recognises_nobody(bench, owner, driver, key_card(9)))


def test_two_copies_with_damage_in_different_places_open_nothing():
    bench, owner, driver = _car()
    first, second = _paths(bench)
    damage(first, 30)
    damage(second, 200)
    bench.run(_recognises_nobody(bench, owner, driver))


def test_an_older_list_put_back_opens_to_owners_alone_and_stays_as_it_is():
    bench, owner, driver = _car()
    old = contents(_paths(bench)[0])
    bench.enrol(key_card(3), codes.DRIVER)
    for path in _paths(bench):
        replace(path, old)

    async def story():
        assert bench.status()["registry"] == "older"
        assert await bench.tap(driver, 700, 3_600) == [codes.OLD_REGISTRY]
        assert bench.signal() == (3, 6, False, 6)
        assert await bench.tap(key_card(3)) == [codes.UNKNOWN_KEY]
        assert (await bench.tap(owner))[0] == codes.ACCEPTED
        assert bench.bolt.at == "unlocked"
        bench.wires["button"].level = 1
        await bench.pass_ms(100)
        assert await bench.tap(owner) == [codes.OLD_REGISTRY]
        bench.wires["button"].level = 0
        await bench.pass_ms(100)
        assert bench.status()["enrolment"] == "closed"
        bench.forget()
        bench.type("revoke 1")
        await bench.pass_ms(500)
        assert bench.verdicts()[-1] == codes.OLD_REGISTRY
        assert await bench.press(5_300) == [codes.ENROLMENT_CLOSED]

    bench.run(story())
    for path in _paths(bench):
        assert contents(path) == old


def test_lost_marks_are_set_again_from_the_list():
    bench, owner, driver = _car()
    bench.marks.values.clear()
    bench.run(_works(bench, owner, driver))
    assert bench.marks.values == {"claimed": 1, "generation": 2}


def test_a_controller_whose_files_are_all_gone_is_not_blank():
    bench, owner, driver = _car()
    for path in _paths(bench):
        os.remove(path)
    bench.marks.values.pop("generation")
    bench.run(_recognises_nobody(bench, owner, driver))


def test_after_a_reset_in_the_middle_of_a_movement_the_state_is_sensed_anew():
    bench, owner, _ = _car()

    async def begin():
        bench.model.put(owner)
        while not bench.bolt.pulses:
            await bench.pass_ms(5)
        await bench.pass_ms(40)
        bench.bolt.stop(1)  # the pulse ends with the power, the bolt half-way
        bench.model.take_away(owner)

    async def look():
        assert bench.status()["bolt"] == "between" and len(bench.bolt.pulses) == 1
        await bench.pass_ms(3_000)
        assert len(bench.bolt.pulses) == 1
        assert (await bench.tap(owner))[0] == codes.ACCEPTED
        assert bench.bolt.at == "unlocked"  # nobody knew: so it opens

    bench.run(begin())
    bench.run(look())


def test_without_a_file_system_nobody_is_recognised_and_the_button_still_opens():
    bench, owner, _ = _car()

    def broken():
        raise OSError(19)

    bench.disk.mount, mended = broken, bench.disk.mount

    async def story():
        assert bench.status()["registry"] == "unreadable"
        assert await bench.tap(owner) == [codes.NO_REGISTRY]
        assert await bench.press(5_300) == [codes.ENROLMENT_CLOSED]
        assert await bench.press(300) == [codes.ACCEPTED]
        assert bench.pulses() == ["unlock"]
        assert "file system" in bench.failures.pop()[0]  # and it says why

    bench.run(story())
    bench.disk.mount = mended


def test_the_seed_of_the_random_generator_is_another_one_after_each_boot():
    bench, owner, driver = _car()
    seen = set()
    for _ in range(3):
        bench.run(_works(bench, owner, driver))
        seen.add(contents(bench.disk.mount() + "/seed"))
    assert len(seen) == 3
