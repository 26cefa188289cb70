"""Everything can be reached and done by keyboard alone, and where one is can be seen."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.test_pages import PAGES

FARTHEST = 120
FOCUS = """() => {
  const at = document.activeElement;
  if (at === null || at === document.body) return null;
  const look = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const seen = (look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== 'none';
  return { html: at.outerHTML.slice(0, 150), seen: seen && box.width > 0 && box.height > 0 };
}"""

INSIDE = "() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null"


async def tab_to(page, target):
    """Press Tab until `target` has the focus."""
    for _ in range(FARTHEST):
        if await target.count() and await target.first.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"{FARTHEST} presses of Tab do not lead to {target}")


@pytest.mark.parametrize("path", PAGES)
async def test_whatever_has_the_focus_shows_it(watch_shared, path):
    async with watch_shared() as watched:
        await watched.visit(path, PAGES[path])
        unseen, steps = [], 0
        for _ in range(FARTHEST):
            await watched.page.keyboard.press("Tab")
            at = await watched.page.evaluate(FOCUS)
            if at is None:
                break
            steps += 1
            unseen += [] if at["seen"] else [at["html"]]
        assert steps > len(PAGES)
        assert unseen == []


async def test_the_first_stop_leads_past_the_navigation(watch_shared):
    async with watch_shared() as watched:
        await watched.visit("/", "Overview")
        await watched.page.keyboard.press("Tab")
        await expect(watched.page.get_by_role("link", name="Skip to the page")).to_be_focused()
        await watched.page.keyboard.press("Enter")
        await expect(watched.page.get_by_role("main")).to_be_focused()


async def test_a_task_is_created_and_looked_at_by_keyboard_alone(watch_shared, shared):
    async with watch_shared() as watched:
        page = watched.page
        await watched.visit("/", "Overview")
        await tab_to(page, page.get_by_role("navigation").get_by_role("link", name="Create"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1, name="Create tasks")).to_be_visible()
        await tab_to(page, page.get_by_role("combobox", name="Command"))
        await page.keyboard.type("demo-job")
        await tab_to(page, page.get_by_role("button", name="Create task"))
        await page.keyboard.press("Enter")
        link = page.get_by_role("region", name="Notification").get_by_role("link")
        await expect(link).to_be_visible()
        # F8 is what the notification says that it listens to.
        await page.keyboard.press("F8")
        await tab_to(page, link)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tasks/*-*")
        task_id = page.url.rpartition("/")[2]
        assert shared.task(task_id)["command"] == "demo-job"


async def test_a_question_keeps_the_focus_and_gives_it_back(watch_shared):
    async with watch_shared() as watched:
        page = watched.page
        await watched.visit("/workers", "Workers")
        kill = page.get_by_role("button", name="Kill worker-1")
        await tab_to(page, kill)
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Kill worker-1?")
        await expect(dialog).to_be_visible()
        for _ in range(6):
            await page.keyboard.press("Tab")
            assert await page.evaluate(INSIDE)
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(kill).to_be_focused()


class Roster:
    """What a page is told of the workers: those of the cluster without the ones that are `gone`."""

    def __init__(self, page):
        self._page = page
        self.gone = set()

    async def stand_in(self, *, before_answer=False):
        """From now on a worker is gone by an order that never reaches the cluster; before it is answered, if so."""

        async def tell(route):
            answer = await route.fetch()
            await route.fulfill(json=[each for each in await answer.json() if each["name"] not in self.gone])

        async def order(route):
            name = route.request.post_data_json["name"]
            if before_answer:
                self.gone.add(name)
                await expect(self._page.get_by_role("article", name=name)).to_have_count(0)
            await route.fulfill(status=202, json={"order_id": 1, "name": name})
            self.gone.add(name)

        await self._page.route("**/api/workers", tell)
        await self._page.route(re.compile("/api/workers/(kill|drain)$"), order)


async def end_by_keyboard(page, way, name):
    await tab_to(page, page.get_by_role("button", name=f"{way} {name}"))
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_role("dialog").get_by_role("button", name=f"{way} {name}"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name=name)).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(
    ("way", "before_answer"),
    [("Drain", False), ("Kill", True)],
    ids=["drained, gone afterwards", "killed, gone before the answer"],
)
async def test_the_focus_goes_on_to_the_next_worker_when_one_is_gone(watch_shared, way, before_answer):
    async with watch_shared() as watched:
        page = watched.page
        await Roster(page).stand_in(before_answer=before_answer)
        await watched.visit("/workers", "Workers")
        await end_by_keyboard(page, way, "worker-1")
        await expect(page.get_by_role("button", name=f"{way} worker-2")).to_be_focused()
        await end_by_keyboard(page, way, "worker-3")
        await expect(page.get_by_role("button", name=f"{way} worker-2")).to_be_focused()
        await end_by_keyboard(page, way, "worker-2")
        await expect(page.get_by_text("0 workers online")).to_be_focused()


async def test_the_focus_stays_on_the_list_when_what_was_selected_no_longer_is(watch_shared, shared):
    shared.enqueue("noop")
    async with watch_shared() as watched:
        page = watched.page
        await watched.visit("/tasks", "Tasks")
        await page.get_by_role("row").get_by_role("checkbox").nth(1).check()
        none = page.get_by_role("button", name="Select none")
        await none.press("Enter")
        await expect(none).to_have_count(0)
        await expect(page.get_by_role("region", name="Tasks")).to_be_focused()


async def test_the_focus_stays_where_a_filter_that_fits_nothing_is_cleared(watch_shared, shared):
    shared.enqueue("noop")
    async with watch_shared() as watched:
        page = watched.page
        for clear in ("main search", "section"):
            await watched.visit("/tasks?command=no-such", "Tasks")
            await page.locator(clear).get_by_role("button", name="Clear filters").press("Enter")
            await expect(page.get_by_role("button", name="Clear filters")).to_have_count(0)
            await expect(page.get_by_role("region", name="Tasks")).to_be_focused()
        await watched.visit("/activity", "Activity")
        search = page.get_by_role("searchbox", name="Filter events")
        await search.fill("no-such")
        await page.get_by_role("button", name="Show all events").press("Enter")
        await expect(search).to_be_focused()
