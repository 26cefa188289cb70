"""A page of the dashboard, and whatever it complained of."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, expect

PICTURES = Path(__file__).resolve().parents[2] / "build" / "browser"
WINDOW: ViewportSize = {"width": 1280, "height": 900}
HIGHEST = 4000
SECONDS = 15
OUTAGE = re.compile(r"net::ERR_|status of 5\d\d")
"""What Chromium itself writes to the console when a server does not answer."""
REFUSAL = re.compile(r"status of 4\d\d")
"""What it writes when a request was refused, as some tests want it."""

expect.set_options(timeout=SECONDS * 1000)


class Watched:
    """One page on one cluster. State: the page, and what was wrong with it so far."""

    def __init__(self, page: Page, allowed: tuple[re.Pattern[str], ...]) -> None:
        self.page = page
        self._allowed = allowed
        self.complaints: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"thrown: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"a dialog: {dialog.message}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(each.search(message.text) for each in self._allowed):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    async def visit(self, path: str, heading: str | None = None) -> None:
        """Go there; return when the page is there and its stream is open."""
        await self.page.goto(path)
        if heading is not None:
            await expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        await expect(self.page.get_by_test_id("connection")).to_have_text("Live")

    async def picture(self, name: str) -> None:
        """The whole page, in a window that is high enough for it: what sticks to an edge of the window stays there."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        window = self.page.viewport_size or WINDOW
        height = min(await self.page.evaluate("document.documentElement.scrollHeight"), HIGHEST)
        await self.page.set_viewport_size({**window, "height": max(window["height"], height)})
        await self.page.screenshot(path=PICTURES / f"{name}.png")
        await self.page.set_viewport_size(window)


@asynccontextmanager
async def watching(
    browser: Browser, url: str, *, allowed: tuple[re.Pattern[str], ...] = (), **options: Any
) -> AsyncIterator[Watched]:
    """A fresh profile; `options` as of Playwright's new_context. Afterwards nothing may have been complained of."""
    context = await browser.new_context(base_url=url, **{"viewport": WINDOW, **options})
    context.set_default_timeout(SECONDS * 1000)
    watched = Watched(await context.new_page(), allowed)
    try:
        yield watched
        assert not watched.complaints, "\n".join(watched.complaints)
    except AssertionError as error:
        name = os.environ.get("PYTEST_CURRENT_TEST", "failed").partition(" ")[0].rpartition("::")[2]
        await watched.picture(re.sub(r"\W+", "-", f"failed-{name}"))
        error.add_note("the page complained: " + ("\n".join(watched.complaints) or "of nothing"))
        raise
    finally:
        await context.close()
