"""Every page in light, dark and phone width: pictures to look at, and nothing that axe objects to."""

import pytest
from playwright.async_api import expect

from cluster.edge.page import ROUTES
from tests.browser.axe import violations

PAGES = {
    "/": "Overview",
    "/tasks": "Tasks",
    "/create": "Create tasks",
    "/workers": "Workers",
    "/activity": "Activity",
    "/tour": "Guided demo",
}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture(scope="session")
def lived_in(shared):
    """The shared cluster with a task in each state that people know."""
    shared.enqueue_many("demo-job", 20)
    shared.enqueue("demo-job", delay_seconds=3600)
    shared.enqueue("nobody-knows-this")
    shared.enqueue("demo-job", {"api_key": "secret", "deep": {"list": [1, 2, {"three": None}]}})
    return shared


def test_every_route_that_the_edge_serves_is_looked_at():
    assert {*PAGES, "/tasks/{task_id}"} == set(ROUTES)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_accessible_and_fits(watch, lived_in, path, look):
    async with watch(lived_in, **LOOKS[look]) as watched:
        await watched.visit(path, PAGES[path])
        await expect(watched.page.get_by_role("status", name="Loading")).to_have_count(0)
        await watched.picture(f"{PAGES[path].lower().replace(' ', '-')}-{look}")
        assert await violations(watched.page) == []
        assert await overflow(watched.page) <= 0


@pytest.mark.parametrize("look", LOOKS)
async def test_the_page_of_a_task_is_accessible_and_fits(watch, lived_in, look):
    [task, *_] = await lived_in.finished([lived_in.enqueue("demo-job", {"api_key": "not shown"})])
    async with watch(lived_in, **LOOKS[look]) as watched:
        await watched.visit(f"/tasks/{task['id']}")
        await expect(watched.page.get_by_role("status", name="Loading")).to_have_count(0)
        await watched.picture(f"task-{look}")
        assert await violations(watched.page) == []
        assert await overflow(watched.page) <= 0


async def test_an_address_that_is_no_page_says_so(watch, lived_in):
    async with watch(lived_in) as watched:
        await watched.visit("/", "Overview")
        await watched.page.evaluate("history.pushState(null, '', '/nowhere')")
        await expect(watched.page.get_by_role("heading", level=1, name="Nothing here")).to_be_visible()


async def overflow(page):
    """By how many pixels the page can be scrolled sideways."""
    return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
