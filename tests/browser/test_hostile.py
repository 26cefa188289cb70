"""What others may name, send or raise is text on every page, whatever it looks like.

Commands and queues have names of letters and digits only, which the API sees to; everything else is theirs to choose.
"""

import pytest
from playwright.async_api import expect

from tests.browser.fixtures.hostile_tasks import MARKUP
from tests.browser.test_pages import PAGES
from tests.browser.watching import REFUSAL

PREFIX = "<i onclick=alert(1)>w</i>"


@pytest.fixture
async def hostile(own):
    own.settings |= {"TASKMASTER_TASKS": "tests.browser.fixtures.hostile_tasks", "WORKER_NAME": PREFIX}
    await own.up(workers=1)
    return own


async def assert_text(page):
    assert await page.evaluate("window.broken") is None
    assert await page.locator("img[src=x], main script, i[onclick]").count() == 0


async def test_markup_in_names_payloads_errors_and_results_is_shown_as_text(watch, hostile):
    failed = hostile.enqueue("fails", {MARKUP: MARKUP}, unique_key=MARKUP)
    said = hostile.enqueue("says-markup", {"html": MARKUP})
    await hostile.finished([failed, said])
    async with watch(hostile) as watched:
        page = watched.page
        for path, heading in PAGES.items():
            await watched.visit(path, heading)
            await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
            await assert_text(page)
        for task_id in (failed, said):
            await watched.visit(f"/tasks/{task_id}")
            await expect(page.get_by_text(MARKUP).first).to_be_visible()
            await assert_text(page)
        await watched.picture("hostile-task")
        await watched.visit("/workers", "Workers")
        await expect(page.get_by_text(f"{PREFIX}-1").first).to_be_visible()
        await watched.picture("hostile-workers")
        await watched.visit("/activity", "Activity")
        await expect(page.get_by_text(PREFIX).first).to_be_visible()


@pytest.mark.parametrize(("choice", "label"), [("Another command…", "Name of the command"), ("demo-job", "Queue")])
async def test_markup_as_a_name_is_refused_beside_the_field_and_kept_as_it_was_typed(watch_shared, choice, label):
    async with watch_shared(allowed=(REFUSAL,)) as watched:
        page = watched.page
        await watched.visit("/create", "Create tasks")
        await page.get_by_role("combobox", name="Command").select_option(label=choice)
        field = page.get_by_label(label)
        await field.fill(MARKUP)
        await page.get_by_role("button", name="Create task").click()
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_value(MARKUP)
        await assert_text(page)
        await watched.picture("refused")


async def test_an_address_made_by_somebody_else_shows_text_and_reaches_only_this_edge(watch_shared):
    async with watch_shared(allowed=(REFUSAL,)) as watched:
        elsewhere = []
        watched.page.on("request", lambda asked: elsewhere.append(asked.url) if "127.0.0.1" not in asked.url else None)
        markup = "%3Cimg%20src%3Dx%20onerror%3D%22window.broken%3D1%22%3E"
        for path in (f"/tasks?command={markup}", f"/tasks?queue={markup}", "/create?like=../../x"):
            await watched.page.goto(path)
            await expect(watched.page.get_by_test_id("connection")).to_have_text("Live")
            await assert_text(watched.page)
        assert elsewhere == []
