"""A worker is killed while somebody watches: its tasks are seen to move, and nothing is lost."""

import pytest
from playwright.async_api import expect


@pytest.fixture
async def cluster(own):
    own.settings["TASK_PROCESS_TIME"] = "8"
    await own.up(workers=2)
    return own


async def test_a_worker_killed_from_the_page_is_seen_to_go_and_its_tasks_to_move(watch, cluster):
    async with watch(cluster) as watched:
        page = watched.page
        await watched.visit("/workers", "Workers")
        task_ids = cluster.enqueue_many("demo-job", 8)
        victim = page.get_by_role("article", name="worker-1")
        await expect(victim.get_by_role("link").first).to_be_visible()

        await victim.get_by_role("button", name="Kill worker-1").click()
        dialog = page.get_by_role("dialog", name="Kill worker-1?")
        await expect(dialog).to_contain_text("run again, on other workers")
        await dialog.get_by_role("button", name="Kill worker-1").click()

        await expect(page.get_by_role("heading", name="worker-1 is gone").first).to_be_visible()
        await watched.picture("worker-killed")
        tasks = await cluster.finished(task_ids, timeout=60)
        assert [task["status"] for task in tasks] == ["COMPLETE"] * 8
        await expect(page.get_by_text("are completed").first).to_be_visible()
        await expect(page.get_by_role("article", name="worker-1")).to_be_visible()


async def test_a_worker_drained_from_the_page_finishes_what_it_runs(watch, cluster):
    async with watch(cluster) as watched:
        page = watched.page
        await watched.visit("/workers", "Workers")
        task_ids = cluster.enqueue_many("demo-job", 4)
        worker = page.get_by_role("article", name="worker-2")
        await expect(worker.get_by_role("link").first).to_be_visible()
        await worker.get_by_role("button", name="Drain worker-2").click()
        dialog = page.get_by_role("dialog", name="Drain worker-2?")
        await dialog.get_by_role("button", name="Drain worker-2").click()
        await expect(worker).to_contain_text("draining")
        tasks = await cluster.finished(task_ids, timeout=60)
        assert [task["attempt"] for task in tasks] == [1] * 4


async def test_the_number_of_workers_is_set_from_the_page_and_seen_to_come_true(watch, cluster):
    async with watch(cluster) as watched:
        page = watched.page
        await watched.visit("/workers", "Workers")
        await page.get_by_role("button", name="Scale to 3 workers").click()
        await expect(page.get_by_role("article")).to_have_count(3)
        await page.get_by_role("spinbutton", name="Number of workers").fill("1")
        await page.get_by_role("button", name="Scale", exact=True).click()
        await expect(page.get_by_role("article")).to_have_count(1)
