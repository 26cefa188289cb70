"""The page outlives its server: it says since when it knows nothing, and goes on by itself."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.acceptance.processes import living_in
from tests.browser.watching import OUTAGE

ALLOWED = {"allowed": (OUTAGE,)}


@pytest.fixture
async def cluster(own):
    await own.up(workers=1)
    return own


async def test_a_page_says_since_when_it_is_stale_and_recovers_when_the_server_is_back(watch, cluster):
    async with watch(cluster, **ALLOWED) as watched:
        page = watched.page
        await watched.visit("/activity", "Activity")
        await page.evaluate("window.sameDocument = true")

        await cluster.stop()
        await expect(page.get_by_text("No news since")).to_be_visible()
        await expect(page.get_by_test_id("connection")).to_have_text("Stale")
        await watched.picture("stale")

        cluster.start("up")
        await cluster.ready(1)
        await expect(page.get_by_test_id("connection")).to_have_text("Live")
        await expect(page.get_by_text("No news since")).to_have_count(0)
        task_id = cluster.enqueue("noop")
        await expect(page.get_by_title(f"task {task_id}").first).to_be_visible()
        assert await page.evaluate("window.sameDocument")


async def test_an_edge_that_is_killed_costs_the_page_a_moment(watch, cluster):
    async with watch(cluster, **ALLOWED) as watched:
        page = watched.page
        await watched.visit("/workers", "Workers")
        await page.evaluate("window.sameDocument = true")
        [edge] = cluster.processes("cluster.edge")

        edge.kill()

        await expect(page.get_by_test_id("connection")).not_to_have_text("Live")
        await expect(page.get_by_test_id("connection")).to_have_text("Live")
        await expect(page.get_by_role("article", name="worker-1")).to_be_visible()
        assert await page.evaluate("window.sameDocument")


async def test_a_stream_that_stays_open_and_says_nothing_is_noticed(watch, cluster):
    async with watch(cluster, **ALLOWED) as watched:
        page = watched.page
        await watched.visit("/activity", "Activity")
        [edge] = cluster.processes("cluster.edge")
        edge.suspend()
        try:
            await expect(page.get_by_text("No news since")).to_be_visible(timeout=20_000)
            await expect(page.get_by_test_id("connection")).to_have_text("Stale")
        finally:
            edge.resume()
        await expect(page.get_by_test_id("connection")).to_have_text("Live")


async def test_while_a_list_is_long_in_coming_the_one_before_stays(watch_shared, shared):
    shared.enqueue("noop")
    async with watch_shared() as watched:
        page = watched.page
        await watched.visit("/tasks?size=50", "Tasks")
        await expect(page.get_by_role("row").nth(1)).to_be_visible()
        may_come = asyncio.Event()

        async def held(route):
            await may_come.wait()
            await route.continue_()

        await page.route("**/api/tasks?**", held)
        await page.get_by_role("radio", name="Cancelled").click()
        await expect(page.locator("section[aria-busy]")).to_be_visible()
        await expect(page.get_by_role("row").nth(1)).to_be_visible()
        may_come.set()
        await expect(page.locator("section[aria-busy]")).to_have_count(0)
        await expect(page.get_by_role("heading", level=1, name="Tasks")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390, 340])
async def test_the_notice_of_a_lost_stream_moves_and_covers_nothing(watch_shared, width):
    async with watch_shared(viewport={"width": width, "height": 844}, **ALLOWED) as watched:
        page = watched.page
        may_fail = asyncio.Event()

        async def held(route):
            await may_fail.wait()
            await route.abort()

        await page.route("**/api/logs/stream", held)
        await page.goto("/workers")
        below = page.get_by_role("heading", level=1), page.get_by_role("article", name="worker-1")
        await expect(below[1]).to_be_visible()
        before = [await each.bounding_box() for each in below]
        may_fail.set()
        notice = page.get_by_text("No live news yet").locator("..")
        await expect(notice).to_be_visible()
        assert [await each.bounding_box() for each in below] == before
        lying = await notice.bounding_box()
        assert lying["y"] + lying["height"] <= before[0]["y"]


async def test_without_a_database_a_page_says_what_is_wrong_and_what_it_knew_stays(watch, cluster):
    async with watch(cluster, **ALLOWED) as watched:
        page = watched.page
        await watched.visit("/workers", "Workers")
        await expect(page.get_by_role("article", name="worker-1")).to_be_visible()
        servers = [process for process in living_in(cluster.home) if process.name() == "postgres"]
        for process in servers:
            process.suspend()
        try:
            await expect(page.get_by_role("alert").first).to_be_visible(timeout=30_000)
            await expect(page.get_by_role("article", name="worker-1")).to_be_visible()
            await watched.picture("no-database")
        finally:
            for process in servers:
                process.resume()
        await expect(page.get_by_role("alert")).to_have_count(0, timeout=30_000)


async def test_an_answer_that_a_page_cannot_show_breaks_that_page_alone(watch, cluster):
    async with watch(cluster, allowed=(re.compile("."),)) as watched:
        page = watched.page
        await page.route("**/api/workers", lambda route: route.fulfill(json=[{"name": "w", "slots": 1}]))
        await page.goto("/workers")
        await expect(page.get_by_role("heading", level=1, name="This page broke")).to_be_visible()
        await watched.picture("broken")
        # That it was thrown is what this is about.
        watched.complaints.clear()
        await page.get_by_role("navigation").get_by_role("link", name="Overview").click()
        await expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
