"""The night of the outage in one look: the real firmware, a real broker, a browser. A cloud key is enrolled at the car,
unlocks it from the page and from a shell; then the cloud floods, stands still and goes, and card and phone do not wait.
"""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from fakes.bench_process import ROOT, bench
from fakes.browser import chromium, page
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PICTURES = ROOT / "build/pictures"
REAL = {"FIRMWARE": "", "MICROPYTHON": "", "RADIO": "", "BROKER": ""}
_STUCK_MS = 1_000  # whoever waits for a broken cloud waits for seconds; how few ms it is, `make drills` measures


class Owner:
    """Somebody with two cards and a phone in front of the page."""

    def __init__(self, opened, simulator):
        self.page = opened
        self.simulator = simulator
        self._moved_s = []

    def moves(self):
        """The bolt is about to move. The motor does that ten times in 20 s, eight times for a phone, and then rests."""
        while len([at_s for at_s in self._moved_s if time.monotonic() - at_s < 20.5]) > 7:
            self.page.wait_for_timeout(100)
        self._moved_s.append(time.monotonic())

    def tap(self, card="Owner 1"):
        before = len(self.simulator.state()["verdicts"])
        self.simulator.post("card", {"tap": card})
        self.simulator.wait(
            lambda state: len(state["verdicts"]) > before and not any(card["in_field"] for card in state["cards"]), card
        )

    def press(self):
        """Lock or unlock with the phone, whatever is due, when the motor is ready for it."""
        self.moves()
        self.page.wait_for_timeout(500)
        locked = self.simulator.state()["controller"]["lock"] == "locked"
        self.simulator.post("phone", {"name": "Phone 1", "do": "unlock" if locked else "lock"})
        done = self.simulator.wait(lambda state: not state["phones_here"]["phones"][0]["doing"], "phone")
        assert done["phones_here"]["phones"][0]["state"] == "done", done["phones_here"]["phones"][0]["text"]
        self.page.wait_for_timeout(900)

    def admit(self, ask, shown):
        """Open enrolment, ask(), and confirm what has shown itself."""
        self.simulator.post("car", {"button": True})
        self.page.wait_for_timeout(200)
        self.tap()
        ask()
        self.simulator.wait(lambda state: shown(state)["state"] == "showing", "a key has shown itself")
        self.simulator.post("car", {"button": False})
        self.tap()
        self.simulator.wait(lambda state: shown(state)["is_key"] and not shown(state)["doing"], "a new key")

    def cloud_says(self, text):
        expect(self.page.locator("#cloud-says-text")).to_contain_text(text, timeout=20_000)

    def key_says(self, text):
        expect(self.page.locator("#cloud-key-text")).to_contain_text(text, timeout=20_000)

    def ask(self, name):
        self.page.get_by_role("button", name=f"{name}: cloud key", exact=True).click()

    def uses_the_car(self, by_phone=True):
        """Card, and phone. Nobody waits."""
        before = self.simulator.state()["latency"]["count"]
        self.moves()
        self.tap()
        if by_phone:
            self.press()
        found = self.simulator.state()["latency"]
        new = found["samples"][before - found["count"] :]
        assert [one["kind"].partition(",")[0] for one in new] == ["card", "phone"][: 1 + by_phone], new
        assert all(one["ms"] < _STUCK_MS for one in new if one["kind"] != "phone, connecting"), new


def test_the_outage_in_one_look():
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, bench(folder, **REAL) as simulator:
        simulator.running()
        with chromium() as browser, page(browser, simulator.page, 1280, 1000) as opened:
            owner = Owner(opened, simulator)
            for chapter in _CHAPTERS:
                chapter(owner)
            shown_in_one_look(owner)
        assert simulator.state()["car"]["violations"] == []


def connected(owner):
    owner.cloud_says("Connected for")
    expect(owner.page.locator("#cloud-counts")).to_contain_text("received 0 · sent ")
    expect(owner.page.locator("#chip-cloud")).to_contain_text("connected")
    expect(owner.page.locator("#tapping")).to_have_attribute("aria-disabled", "true")
    owner.ask("Lock")
    owner.key_says("No key of this car yet")


def claimed(owner):
    owner.simulator.post("car", {"button": True})
    owner.simulator.wait(lambda state: state["controller"]["enrolment"] == "claim", "claim")
    owner.simulator.post("car", {"button": False})
    owner.tap()
    owner.tap("Owner 2")


def enrolled(owner):
    owner.admit(lambda: owner.ask("Enrol"), lambda state: state["cloud_here"]["key"])
    owner.key_says("is now a fleet manager")
    expect(owner.page.locator("#keys tbody tr").last).to_contain_text("Cloud key")


def paired(owner):
    pair = {"name": "Phone 1", "do": "pair"}
    owner.admit(lambda: owner.simulator.post("phone", pair), lambda state: state["phones_here"]["phones"][0])


def from_the_page(owner):
    """Locking is allowed on a new controller, unlocking from far away is not."""
    owner.ask("Unlock")
    owner.key_says("is switched off at the car")
    unlocking = owner.page.get_by_label("Remote unlocking")
    unlocking.check()
    owner.simulator.wait(lambda state: state["controller"]["cloud"]["remote_unlock"], "the controller has it")
    owner.moves()
    owner.ask("Unlock")
    owner.key_says("Unlocked, as the car says by its broker.")
    expect(owner.page.locator("#fact-lock dd").first).to_have_text("Unlocked")
    expect(owner.page.locator("#feed li").first).to_contain_text("Cloud key asked to unlock")


def from_a_shell(owner):
    """The command as the page shows it, with the page's key instead of enrolling one more."""
    owner.page.locator("#cloud-shell summary").click()
    enrol, status = owner.page.locator("#cloud-commands").text_content().split("\n")
    assert enrol.endswith(f"--simulator {owner.simulator.page.rstrip('/')}")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(Path(owner.simulator.state()["simulator"]["state"], "phones"), Path(folder, "latchkey"))
        owner.moves()
        words = shlex.split(status.replace(" status ", " lock ")) + ["--json"]
        done = subprocess.run(
            words,
            cwd=ROOT,
            env={**os.environ, "XDG_CONFIG_HOME": folder},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["lock"] == "locked"
    expect(owner.page.locator("#fact-lock dd").first).to_have_text("Locked")
    owner.page.locator("#cloud-shell summary").click()


def well(owner):
    owner.uses_the_car()
    expect(owner.page.locator("#latency-table")).to_contain_text("Card, cloud well")
    expect(owner.page.locator("#tapping")).to_have_attribute("aria-disabled", "false")


def flooded(owner):
    owner.page.get_by_role("radio", name="Flood").check()
    owner.simulator.wait(lambda state: state["cloud_here"]["flood"] > 2_000, "a flood")
    owner.uses_the_car()
    assert owner.simulator.state()["controller"]["cloud"]["state"] == "connected", "it has been flooded all the time"


def stalled(owner):
    owner.page.get_by_role("radio", name="Half-open").check()
    owner.simulator.wait(lambda state: state["cloud_here"]["fault"] == "half-open" and not state["cloud_here"]["flood"])
    owner.uses_the_car(by_phone=False)


def gone(owner):
    """By the keyboard, and read out."""
    down = owner.page.get_by_role("switch", name="Cloud down")
    down.focus()
    owner.page.keyboard.press("Space")
    owner.cloud_says("your card and phone work.")
    expect(owner.page.locator("#cloud-says-text")).to_contain_text("Cloud away for")
    expect(owner.page.locator("#chip-cloud")).to_contain_text("away")
    expect(owner.page.locator("#cloud-announcer")).to_contain_text("your card and phone work.")
    owner.ask("Lock")
    owner.key_says("Cards and phones at the car work as always")
    owner.uses_the_car()
    expect(down).to_be_checked()


def shown_in_one_look(owner):
    rows = {(row["kind"], row["cloud"]): row for row in owner.simulator.state()["latency"]["rows"]}
    assert rows[("card", "ok")]["n"] == 1 and rows[("card", "broken")]["n"] == 3
    assert {("phone", "ok"), ("phone", "broken")} <= set(rows)
    owner.page.locator(".cloud").screenshot(path=PICTURES / "simulator-cloud.png")
    owner.page.screenshot(path=PICTURES / "simulator-outage.png", full_page=True)
    chart = owner.page.get_by_role("img", name="Card, from its answer to the pulse")
    assert "cloud broken: half within" in chart.get_attribute("aria-label")
    for fault in ("flood", "half-open", "down"):
        expect(owner.page.locator("#chart-card .outage-label", has_text=fault)).to_have_count(1)
    size = owner.page.viewport_size
    for width in (820, 320):
        owner.page.set_viewport_size({**size, "width": width})
        assert owner.page.evaluate("document.documentElement.scrollWidth") <= width, width
    owner.page.set_viewport_size(size)
    owner.page.get_by_role("switch", name="Cloud down").uncheck()
    owner.simulator.wait(lambda state: state["cloud_here"]["fault"] == "ok")
    owner.page.locator("#tapping").click()
    before = owner.simulator.state()["latency"]["count"]
    owner.simulator.wait(lambda state: state["latency"]["count"] > before, "it taps by itself")
    owner.page.locator("#tapping").click()
    expect(owner.page.locator("#tapping")).to_have_attribute("aria-pressed", "false")


_CHAPTERS = (connected, claimed, enrolled, from_the_page, from_a_shell, paired, well, flooded, stalled, gone)
