"""The two pictures at the head of the README, of a real cluster: `nox -s picture`, or python -m tests.browser.picture.

docs/dashboard.png   the overview after a minute of changing load
docs/dashboard.gif   the guided demo: fifty tasks, one worker, five workers, a kill, nothing lost
"""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.processes import CHECKOUT
from tests.browser import tour
from tests.browser.chromium import launch
from tests.browser.film import Film
from tests.browser.watching import Watched, watching

DOCS = CHECKOUT / "docs"
WINDOW = {"width": 1280, "height": 860}
FILM_WINDOW = {"width": 1180, "height": 700}
FILM_WIDTH = 900
BURSTS = (40, 90, 20, 120, 60, 150, 30, 100, 70, 130, 50, 110)
BURST_SECONDS = 5


async def still(browser: Browser, cluster: RunningCluster, path: Path) -> None:
    async with watching(browser, str(cluster.http.base_url), viewport=WINDOW, device_scale_factor=2) as watched:
        await watched.visit("/", "Overview")
        for count in BURSTS:
            cluster.enqueue_many("demo-job", count)
            await asyncio.sleep(BURST_SECONDS)
        await watched.page.screenshot(path=path)


async def moving(browser: Browser, cluster: RunningCluster, path: Path) -> None:
    await cluster.idle()
    async with watching(browser, str(cluster.http.base_url), viewport=FILM_WINDOW) as watched:
        await watched.visit("/tour", "Guided demo")
        film = Film(watched.page)
        async with film.rolling():
            await shown(watched, film)
        film.write(path, FILM_WIDTH)


async def shown(watched: Watched, film: Film) -> None:
    async for number in tour.take(watched.page, film.click):
        await asyncio.sleep(2)
        if number == tour.STEPS:
            await film.click(watched.page.get_by_role("link", name="Overview").first)
            await asyncio.sleep(3)


async def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cluster = RunningCluster()
    cluster.settings["TASK_PROCESS_TIME"] = "0.7"
    try:
        await cluster.up(workers=3)
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            await still(browser, cluster, folder / "dashboard.png")
            await moving(browser, cluster, folder / "dashboard.gif")
        await cluster.stop()
    finally:
        cluster.remove()
    for path in sorted(folder.glob("dashboard.*")):
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS))
