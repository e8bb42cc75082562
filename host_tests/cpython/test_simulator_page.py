"""The simulator's page in a real browser, with a stand-in as firmware: it shows what is so, and every control works."""

import re
import tempfile

import pytest
from fakes.bench_process import ROOT, bench
from fakes.browser import chromium, page
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PICTURES = ROOT / "build/pictures"


def test_the_page():
    """One browser and one simulator for all of it; each part leaves the car locked and at rest."""
    with tempfile.TemporaryDirectory() as folder, bench(folder) as simulator, chromium() as browser:
        simulator.running()
        for part in (
            the_button_moves_the_bolt,
            the_button_works_by_keyboard,
            the_button_is_let_go_with_the_pointer,
            cards_lie_where_they_are_put,
            a_refused_order_is_said_and_undone,
            the_surroundings_reach_the_car,
            lids_spring_open_and_are_closed_by_hand,
            a_violation_is_red_and_worded,
            a_decision_is_announced,
            no_phones_are_explained,
            no_broker_is_explained,
            erasing_asks_first,
            a_firmware_that_hangs_is_called_silent,
        ):
            with page(browser, simulator.page) as opened:
                part(opened, simulator)
        looks_right_everywhere(browser, simulator)
        ends_gracefully(browser, simulator)


def at_rest(simulator, bolt):
    def rests(state):
        return state["car"]["bolt"] == bolt and not state["car"]["driven"] and not state["car"]["button"]

    return simulator.wait(rests, f"at rest, {bolt}")


def the_button_moves_the_bolt(opened, simulator):
    expect(opened.locator("#fact-lock")).to_contain_text("Locked")
    button = opened.locator("#cabin-button")
    button.hover()
    opened.mouse.down()
    simulator.wait(lambda state: state["car"]["button"], "button down")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(opened.locator("#fact-lock")).to_contain_text("Unlocked")
    opened.mouse.up()
    simulator.wait(lambda state: not state["car"]["button"], "button up")
    expect(opened.locator("#feed li").first).to_contain_text("Cabin asked to unlock")
    at_rest(simulator, "unlocked")


def the_button_works_by_keyboard(opened, simulator):
    opened.locator("#cabin-button").focus()
    opened.keyboard.down(" ")
    simulator.wait(lambda state: state["car"]["button"], "button down")
    opened.keyboard.up(" ")
    at_rest(simulator, "locked")


def the_button_is_let_go_with_the_pointer(opened, simulator):
    """Also when the pointer is let go elsewhere; and the switch beside it holds it without a hand."""
    opened.locator("#cabin-button").hover()
    opened.mouse.down()
    simulator.wait(lambda state: state["car"]["button"])
    opened.mouse.move(5, 5)
    opened.mouse.up()
    at_rest(simulator, "unlocked")
    opened.get_by_label("Keep it pressed").check()
    simulator.wait(lambda state: state["car"]["button"] and not state["car"]["driven"])
    opened.get_by_label("Keep it pressed").uncheck()
    at_rest(simulator, "locked")


def cards_lie_where_they_are_put(opened, simulator):
    def lying(*names):
        return lambda state: tuple(card["name"] for card in state["cards"] if card["in_field"]) == names

    opened.locator('[data-name="Owner 1"] .face').drag_to(opened.locator("#pad"))
    simulator.wait(lying("Owner 1"), "drag")
    opened.get_by_role("button", name="Leave on reader: Bank card").press("Enter")
    simulator.wait(lying("Owner 1", "Bank card"), "two at once")
    opened.get_by_role("button", name="Owner 1 lies on the reader").click()
    opened.get_by_role("button", name="Take away: Bank card").click()
    simulator.wait(lying(), "taken away")
    opened.get_by_role("button", name="Tap Family").press("Enter")
    simulator.wait(lying("Family"), "tap")
    simulator.wait(lying(), "the hand lets go")


def a_refused_order_is_said_and_undone(opened, simulator):
    doors = opened.locator("#doors")
    doors.check()
    expect(opened.locator("#toast")).to_contain_text("unlock first")
    expect(doors).not_to_be_checked()


def the_surroundings_reach_the_car(opened, simulator):
    opened.get_by_role("button", name="Unlock by hand").click()
    simulator.wait(lambda state: state["car"]["bolt"] == "unlocked")
    opened.locator("#doors").check()
    expect(opened.locator("#fact-doors")).to_contain_text("Open")
    opened.locator("#doors").uncheck()
    opened.locator("#speed").fill("60")
    simulator.wait(lambda state: state["car"]["speed"] == 60)
    expect(opened.locator("#fact-drive")).to_contain_text("rolling at 60 km/h")
    opened.get_by_role("button", name="Stop and park").click()
    simulator.wait(lambda state: state["car"]["speed"] == 0)
    opened.locator("#supply").fill("8500")
    expect(opened.locator("#fact-supply")).to_contain_text("below 9 V")
    opened.locator("#supply").fill("12600")
    opened.locator("#reader-fault").select_option("dead")
    expect(opened.locator("#chip-reader")).to_contain_text("fault on")
    opened.locator("#reader-fault").select_option("none")
    opened.get_by_role("button", name="Lock by hand", exact=True).click()
    simulator.wait(lambda state: state["car"]["bolt"] == "locked" and state["car"]["supply"] == 12_600)


def lids_spring_open_and_are_closed_by_hand(opened, simulator):
    """Seen, read out, and closed with the keyboard, which keeps its place on the page."""
    car = opened.get_by_role("img", name="Car from above")
    close = opened.get_by_role("button", name="Close trunk")
    expect(close).to_have_attribute("aria-disabled", "true")
    simulator.post("car", {"speed": 295})
    expect(car).to_have_attribute("aria-label", re.compile("trunk and charge port open"))
    expect(opened.locator("#fact-doors")).to_contain_text("trunk and charge port open")
    expect(close).to_have_attribute("aria-disabled", "false")
    opened.wait_for_timeout(300)
    wide = opened.locator(".lid.trunk").bounding_box()["width"]
    PICTURES.mkdir(parents=True, exist_ok=True)
    opened.locator("#scene").screenshot(path=PICTURES / "simulator-lids.png")
    close.press("Enter")
    simulator.wait(lambda state: state["car"]["latches"]["trunk"] == "shut", "closed")
    expect(car).to_have_attribute("aria-label", re.compile(", charge port open,"))
    expect(close).to_be_focused()
    opened.wait_for_timeout(300)
    assert opened.locator(".lid.trunk").bounding_box()["width"] > 2 * wide
    opened.get_by_role("button", name="Close charge port").click()
    expect(opened.locator("#fact-doors")).not_to_contain_text("open")
    simulator.post("car", {"speed": 0})


def a_violation_is_red_and_worded(opened, simulator):
    expect(opened.locator("#violations")).to_be_hidden()
    simulator.post("car", {"speed": 297})
    expect(opened.locator("#violations")).to_contain_text("coil")
    simulator.post("car", {"speed": 0})
    simulator.wait(lambda state: not state["car"]["driven"])


def a_decision_is_announced(opened, simulator):
    expect(opened.locator("#announcer")).to_have_text("")
    simulator.post("keys", {"revoke": 3})
    expect(opened.locator("#announcer")).to_contain_text("refused, no such key")
    assert opened.locator("#announcer").get_attribute("aria-live") == "polite"


def no_phones_are_explained(opened, simulator):
    expect(opened.locator("#phones-why")).to_contain_text("RADIO=none")
    expect(opened.locator("#phones li")).to_have_count(0)
    expect(opened.locator("#vehicle")).to_be_hidden()
    expect(opened.locator("#chip-bluetooth")).to_contain_text("unknown")


def no_broker_is_explained(opened, simulator):
    expect(opened.locator("#cloud-why")).to_contain_text("BROKER=none")
    expect(opened.get_by_role("switch", name="Cloud down")).to_be_disabled()
    expect(opened.get_by_role("radio", name="Half-open")).to_be_disabled()
    expect(opened.locator("#cloud-key")).to_be_hidden()
    expect(opened.locator("#cloud-shell")).to_be_hidden()
    expect(opened.locator("#cloud-says-text")).to_contain_text("lives without a cloud")
    expect(opened.locator("#latency-empty")).to_be_visible()


def erasing_asks_first(opened, simulator):
    starts = simulator.state()["firmware"]["starts"]
    opened.get_by_role("button", name="Erase over USB…").click()
    opened.get_by_role("button", name="Keep everything").click()
    opened.get_by_role("button", name="Erase over USB…").click()
    opened.keyboard.press("Escape")
    assert simulator.state()["firmware"]["starts"] == starts
    opened.get_by_role("button", name="Erase over USB…").click()
    opened.get_by_role("button", name="Erase everything").click()
    simulator.running(starts=starts + 1)
    expect(opened.locator("#feed-empty")).to_be_visible()


def a_firmware_that_hangs_is_called_silent(opened, simulator):
    starts = simulator.state()["firmware"]["starts"]
    simulator.post("car", {"speed": 296})
    expect(opened.locator("#chip-firmware")).to_contain_text("silent for", timeout=10_000)
    simulator.post("car", {"speed": 0})
    opened.get_by_role("button", name="Pull the plug now").click()
    expect(opened.locator("#hint-text")).to_contain_text("The power is off")
    simulator.running(starts=starts + 1)


def looks_right_everywhere(browser, simulator):
    """Nothing is cut off at any width, and motion ends where it is not wanted."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, width, options in (
        ("wide", 1280, {}),
        ("dark", 1280, {"color_scheme": "dark"}),
        ("tablet", 820, {}),
        ("phone", 390, {"reduced_motion": "reduce"}),
        ("narrow", 320, {}),
    ):
        with page(browser, simulator.page, width, **options) as opened:
            expect(opened.locator("#fact-lock")).to_contain_text("Locked")
            opened.screenshot(path=PICTURES / f"simulator-{name}.png", full_page=True)
            assert opened.evaluate("document.documentElement.scrollWidth") <= width, name
            unnamed = opened.evaluate(
                "[...document.querySelectorAll('button, input, select')].filter(one => !one.textContent.trim()"
                " && !one.labels?.length && !one.getAttribute('aria-label')).map(one => one.outerHTML)"
            )
            assert unnamed == [], name
            if options.get("reduced_motion"):
                assert opened.evaluate("getComputedStyle(document.querySelector('.bolt')).transitionProperty") == "none"


def ends_gracefully(browser, simulator):
    with page(browser, simulator.page) as opened:
        simulator.post("car", {"speed": 299})
        expect(opened.locator("#chip-firmware")).to_contain_text("ended unexpectedly")
        expect(opened.locator("#hint")).to_have_attribute("data-tone", "bad")
        expect(opened.locator("#log")).to_contain_text("too fast")
        simulator.process.terminate()
        expect(opened.locator("#hint-text")).to_contain_text("The simulator does not answer", timeout=10_000)
        assert opened.locator("#main").evaluate("main => main.inert")
