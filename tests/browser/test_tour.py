"""The guided demo does what it says in a real cluster: fifty tasks, one worker, five workers, a kill, nothing lost."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import tour


@pytest.fixture
async def cluster(own):
    await own.up(workers=3)
    return own


async def test_the_demo_comes_to_its_end_and_nothing_is_lost(watch, cluster):
    async with watch(cluster) as watched:
        page = watched.page
        await watched.visit("/tour", "Guided demo")
        async for number in tour.take(page):
            await watched.picture(f"tour-{number}")
            if number == 3:
                assert len(cluster.online()) == 1
            if number == 4:
                assert len(cluster.online()) == 5

        await expect(tour.current(page)).to_contain_text(re.compile(r"(\d+) posted, \1 completed, 0 lost"))
        stats = cluster.stats()
        assert (stats["failed"], stats["pending"], stats["running"]) == (0, 0, 0)
        assert stats["completed"] >= 50

        await page.get_by_role("button", name="Back to 3 workers").click()
        await expect(page.get_by_role("heading", name="3 workers")).to_be_visible(timeout=30_000)


async def test_the_demo_is_remembered_on_the_pages_it_sends_people_to(watch, cluster):
    async with watch(cluster) as watched:
        page = watched.page
        await watched.visit("/tour", "Guided demo")
        await tour.current(page).get_by_role("button").first.click()
        await expect(tour.current(page).get_by_role("button", name="Next step")).to_be_visible()
        await page.get_by_role("main").get_by_role("link").first.click()
        await expect(page.get_by_text("Guided demo, step 1")).to_be_visible()
        await page.reload()
        await page.get_by_role("link", name="Back to the tour").click()
        await expect(tour.current(page).get_by_role("button", name="Next step")).to_be_visible()
