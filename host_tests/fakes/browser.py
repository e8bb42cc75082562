"""Headless Chromium for tests of pages. Debian's own: Playwright's is 165 MB more and no better for this."""

import contextlib
import shutil

from playwright.sync_api import sync_playwright

_MISSING = "Browser tests need Chromium: run `apt-get install chromium libatomic1`."


def program():
    """Path of Chromium on this computer."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise RuntimeError(_MISSING)
    return found


@contextlib.contextmanager
def chromium():
    """A browser; what it prints as an error on any page is in browser.complaints."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), headless=True)
        with contextlib.closing(browser):
            yield browser


@contextlib.contextmanager
def page(browser, url, width=1280, height=900, **options):
    """A page at url that must not print errors: they fail the test at the end."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    with contextlib.closing(context):
        opened = context.new_page()
        complaints = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        opened.goto(url)
        opened.wait_for_selector("[data-link=up]")
        yield opened
        # A refused order (4xx) and a simulator that was ended are things the page shows; Chromium prints them as well.
        assert [text for text in complaints if "Failed to load resource" not in text] == []
