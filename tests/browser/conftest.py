"""One Chromium for all tests, a fresh profile for each, and clusters to look at."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.conftest import bouncer, fresh_url, own, pytest_runtest_makereport, shared
from tests.browser.chromium import launch
from tests.browser.watching import Watched, watching

__all__ = ["bouncer", "fresh_url", "own", "pytest_runtest_makereport", "shared"]

Watch = Callable[..., AbstractAsyncContextManager[Watched]]
MINUTES = 4 * 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(MINUTES))
            if pytest_asyncio.is_async_test(item):
                # All in the loop that the browser was started in.
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Playwright starts a program through the loop, and uvloop would fork this process for it."""
    return {"asyncio": asyncio.new_event_loop}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest.fixture
def watch(chromium: Browser) -> Callable[..., AbstractAsyncContextManager[Watched]]:
    """`async with watch(cluster) as watched`: a page on that cluster."""

    def on(cluster: RunningCluster, **options: object) -> AbstractAsyncContextManager[Watched]:
        return watching(chromium, str(cluster.http.base_url), **options)

    return on


@pytest.fixture
def watch_shared(watch: Watch, shared: RunningCluster) -> Watch:
    return partial(watch, shared)
