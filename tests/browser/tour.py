"""The guided demo, taken as a visitor takes it. Also what makes the picture of the README."""

from collections.abc import AsyncIterator, Awaitable, Callable

from playwright.async_api import Locator, Page, expect

STEPS = 6
STEP_SECONDS = 60


def current(page: Page) -> Locator:
    """The step that is open."""
    return page.get_by_role("main").locator("[aria-current=step]")


async def take(page: Page, click: Callable[[Locator], Awaitable[None]] = Locator.click) -> AsyncIterator[int]:
    """Every step from the first to the last; yields the number of each when what it promised was seen."""
    for number in range(1, STEPS + 1):
        step = current(page)
        title = await step.get_by_role("heading").inner_text()
        await click(step.get_by_role("button").first)
        await expect(step.get_by_role("status")).to_contain_text("Seen:", timeout=STEP_SECONDS * 1000)
        yield number
        if number < STEPS:
            await click(step.get_by_role("button", name="Next step"))
            await expect(step.get_by_role("heading")).not_to_have_text(title)
