"""The gauge of the flood tests: what a page works counts, what it waits does not."""

import asyncio

import pytest_asyncio

from tests.browser import frames
from tests.browser.trace import recorded, work_of

LATE_MS = 400
SPIN = "(ms) => { const end = performance.now() + ms; while (performance.now() < end); }"
"""Works for so long: no frame before its end."""
WAIT = "() => { const r = new XMLHttpRequest(); r.open('GET', '/late', false); r.send(); }"
"""Does nothing for so long: no frame before the answer either."""


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium):
    async def answer(route):
        if route.request.url.endswith("/late"):
            await asyncio.sleep(LATE_MS / 1000)
        await route.fulfill(content_type="text/html", body="<p>nothing moves here")

    context = await chromium.new_context(base_url="http://page.test")
    await context.route("**/*", answer)
    page = await context.new_page()
    await page.goto("/")
    yield page
    await context.close()


async def late(page, script):
    async with recorded(page.context.browser) as events:
        await frames.start(page)
        await page.evaluate(script, LATE_MS)
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        await frames.stop(page)
    return work_of(events).slowest


async def test_a_frame_that_is_late_as_the_page_works_has_this_work(page):
    frame = await late(page, SPIN)
    assert frame.took >= LATE_MS
    assert frame.worked >= frame.main > LATE_MS / 4


async def test_a_frame_that_is_late_as_the_page_waits_has_no_work(page):
    frame = await late(page, WAIT)
    assert frame.took >= LATE_MS
    assert frame.worked < LATE_MS / 4
