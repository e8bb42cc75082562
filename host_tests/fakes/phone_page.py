"""The phone page for tests: any web server that holds its files, and a browser as a phone has one.

    with static_host() as host:
        async with browser() as chromium, phone(chromium, host.url, radio) as page: ...

Whatever a page prints as an error, and whatever its policy (CSP) forbids it, fails the test at its end.
"""

import asyncio
import contextlib
import http.server
import threading

from latchkey_tools.simulator.server import PHONE_PAGE
from playwright.async_api import async_playwright

from fakes.browser import program

_DEADLINE_S = 60
_SOON_S, _LOOK_S = 8, 0.01
_BLOCKED = "Service Worker registration blocked by Playwright"


def run(story):
    """Runs a story (a coroutine) to its end."""

    async def timed():
        async with asyncio.timeout(_DEADLINE_S):
            await story

    asyncio.run(timed())


class _Files(http.server.SimpleHTTPRequestHandler):
    extensions_map = dict(http.server.SimpleHTTPRequestHandler.extensions_map)
    extensions_map[".webmanifest"] = "application/manifest+json"

    def __init__(self, *arguments):
        super().__init__(*arguments, directory=PHONE_PAGE)

    def do_GET(self):
        self.server.asked.append(self.path)
        replacement = self.server.replaced.get(self.path)
        if replacement is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(self.path))
        self.send_header("Content-Length", str(len(replacement)))
        self.end_headers()
        self.wfile.write(replacement)

    def log_message(self, *arguments):
        pass


class StaticHost:
    """asked: paths that were fetched. replaced: path -> bytes that stand there instead."""

    def __init__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Files)
        self._server.daemon_threads = True
        self._server.asked, self._server.replaced = self.asked, self.replaced = [], {}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/"

    def read(self, name):
        """A file of the page."""
        return (PHONE_PAGE / name).read_bytes()

    def stop(self):
        """The server is gone; may be called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


@contextlib.contextmanager
def static_host():
    host = StaticHost()
    try:
        yield host
    finally:
        host.stop()


@contextlib.asynccontextmanager
async def browser(*options):
    """Headless Chromium. options: for its command line."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program(), headless=True, args=list(options))
        try:
            yield chromium
        finally:
            await chromium.close()


@contextlib.asynccontextmanager
async def phone(chromium, url, radio, script="", width=390, height=844, own_time=False, keeps=False, **options):
    """A page at url in a profile of its own. radio: WebBluetooth, or None for the browser's own. script: runs first.

    own_time: the page has a clock that goes as others do, and that page.clock.run_for() turns on. keeps: it may have a
    service worker, which takes half a second to fetch everything once more.
    """
    workers = "allow" if keeps else "block"
    context = await chromium.new_context(
        viewport={"width": width, "height": height}, service_workers=workers, **options
    )
    complaints = []
    try:
        if radio is not None:
            await radio.attach(context)
        await context.add_init_script(script)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
        if own_time:
            await page.clock.install()
        await page.goto(url)
        yield page
        assert [text for text in complaints if text != _BLOCKED] == []
        assert radio is None or radio.violations == []
    finally:
        if radio is not None:
            await radio.end()
        await context.close()


async def soon(page, selector, text):
    """Returns as soon as the element shows this text, or after a while: whoever expects it says what is there instead.

    Playwright looks every half second.
    """
    script = """([selector, text]) => {
      const element = document.querySelector(selector);
      return element.checkVisibility() && element.textContent.includes(text);
    }"""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SOON_S):
            while not await page.evaluate(script, [selector, text]):
                await asyncio.sleep(_LOOK_S)
