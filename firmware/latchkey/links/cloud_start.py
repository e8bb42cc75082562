"""The cloud link, loaded once a broker is set: without one it takes no room in the heap."""

import asyncio

from micropython import const

from latchkey.storage.settings import SettingsError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.links.cloud import CloudLink
    from latchkey.storage.settings import Settings

_TURN_MS = const(100)


class CloudStart:
    """link: None until there was a broker for the first time since boot."""

    def __init__(self, settings: "Settings", make: "Callable[[], CloudLink]") -> None:
        """make: loads and builds the link."""
        self.link: "CloudLink | None" = None
        self._settings = settings
        self._make = make

    async def run(self) -> None:
        """Wait for a broker, then be the link for ever."""
        if self.link is None:
            await self._have_a_broker()
            self.link = self._make()
        await self.link.run()

    async def _have_a_broker(self) -> None:
        seen = -1
        while True:
            if self._settings.generation != seen:
                seen = self._settings.generation
                try:
                    if self._settings.read().get("broker"):
                        return
                except SettingsError as error:
                    print("The cloud stays off: %s." % error)
            await asyncio.sleep_ms(_TURN_MS)
