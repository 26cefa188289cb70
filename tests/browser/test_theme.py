"""The colours are those that were chosen, from the first thing that is drawn."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.fixtures.eventually import eventually

OTHER = {"light": "dark", "dark": "light"}
BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"
DRAWN = "document.styleSheets.length > 0 && document.querySelector('noscript') !== null"


async def background(watched):
    return await watched.page.evaluate(BACKGROUND)


@pytest.mark.parametrize("system", OTHER)
async def test_a_theme_chosen_against_the_systems_is_there_before_the_page_itself(watch_shared, system):
    async with watch_shared(color_scheme=system) as watched:
        page = watched.page
        await watched.visit("/", "Overview")
        as_system = await background(watched)
        await page.evaluate(f"localStorage.setItem('taskmaster.theme', '{OTHER[system]}')")
        may_load = asyncio.Event()

        async def held(route):
            await may_load.wait()
            await route.continue_()

        # The page draws nothing but its ground until its module is there.
        await page.route("**/assets/index-*.js", held)
        await page.reload(wait_until="commit")
        # Not wait_for_function: from its second look on it evaluates in the page, whose policy forbids that.
        await eventually(lambda: page.evaluate(DRAWN))
        first = await background(watched)
        may_load.set()
        await expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
        assert first != as_system
        assert first == await background(watched)
