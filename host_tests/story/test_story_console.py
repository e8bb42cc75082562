"""What the cable tells, and that telling it holds up nobody, however long the list of keys is."""

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from fakes.bench_disk import new_disk

_LONGEST_LINE = 4_096


def test_a_list_of_three_hundred_keys_is_told_in_small_pieces():
    bench = Bench(disk=new_disk(512, 208))
    bench.enrol_strangers(299)
    card = bench.enrol(key_card(1), codes.OWNER)

    async def story():
        most = 0
        for _ in range(300):
            opened = bench.disk.opened
            await bench.pass_ms(5)
            most = max(most, bench.disk.opened - opened)
        assert most == 1
        status = bench.status()
        assert status["key_count"] == 300 and len(status["keys"]) == 32
        assert bench.status_length() <= _LONGEST_LINE
        await bench.tap(card)
        assert [(row["credential"], row["id"]) for row in bench.rows()] == [(299, card.short_id)] * 2

    bench.run(story())


def test_the_list_that_is_told_follows_the_list_in_force():
    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)
    driver = bench.enrol(key_card(2), codes.DRIVER)

    async def story():
        keys = bench.status()["keys"]
        assert [key["id"] for key in keys] == [owner.short_id, driver.short_id]
        bench.type("revoke 1")
        await bench.pass_ms(1_000)
        assert [key["state"] for key in bench.status()["keys"]] == ["active", "revoked"]
        assert [row["id"] for row in bench.rows() if row["credential"] == 1] == [driver.short_id]

    bench.run(story())
