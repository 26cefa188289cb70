"""A read-only dashboard shows everything, changes nothing, and says why."""

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.test_pages import PAGES

STEERING = {"/create": ["Create task"], "/workers": ["Scale", "Kill worker-1", "Drain worker-1"]}


@pytest.fixture
async def cluster(own):
    own.settings["DASHBOARD"] = "read_only"
    await own.up(workers=1)
    return own


async def test_controls_say_why_they_do_nothing_and_the_edge_would_refuse(watch, cluster):
    async with watch(cluster) as watched:
        page = watched.page
        posted = []
        page.on("request", lambda asked: posted.append(asked.url) if asked.method == "POST" else None)
        for path, heading in PAGES.items():
            await watched.visit(path, heading)
            await expect(page.get_by_text("This dashboard is read-only")).to_be_visible()
            for name in STEERING.get(path, []):
                control = page.get_by_role("button", name=name, exact=True)
                await expect(control).to_be_disabled()
                await control.dispatch_event("click")
            assert await violations(page) == []
        await watched.picture("read-only")
        assert posted == []
    assert cluster.http.post("/api/workers/scale", json={"count": 2}).status_code == 403
