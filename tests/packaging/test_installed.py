"""The wheel, installed in an empty environment, is the whole product."""

import re

import pytest

from tests.fixtures.eventually import eventually
from tests.packaging.installed import InstalledCluster


@pytest.fixture
async def cluster(installed):
    running = InstalledCluster(installed)
    try:
        yield running
        await running.stop()
        running.assert_no_traceback()
    finally:
        running.remove()


def test_the_requirements_of_the_wheel_fit_each_other(installed):
    assert "No broken requirements" in installed.run("pip", "check")


def test_the_package_is_imported_from_where_it_was_installed(installed):
    imported = installed.run("python", "-c", "import cluster; print(cluster.__file__)").strip()
    assert imported.startswith(str(installed.folder))


@pytest.mark.parametrize(
    "command", ["up", "migrate", "enqueue", "worker", "edge", "coordinator", "supervisor", "bench"]
)
def test_a_command_explains_itself(installed, command):
    assert command in installed.run("taskmaster", command, "--help")


def test_migrate_finds_the_sql_in_the_wheel_and_has_nothing_to_do_the_second_time(installed, postgres):
    env = {"DATABASE_URL": postgres.url("from_the_wheel")}
    assert "0001" in installed.run("taskmaster", "migrate", env=env)
    assert "0001" not in installed.run("taskmaster", "migrate", env=env)


async def test_a_cluster_from_the_wheel_runs_fifty_tasks_and_serves_its_page(cluster):
    await cluster.up()
    tasks = await cluster.finished(cluster.enqueue_many("noop", 50))
    assert [task["status"] for task in tasks] == ["COMPLETE"] * 50
    page = cluster.http.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<title>TaskMaster</title>" in page.text
    assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert {asset.rpartition(".")[2] for asset in assets} >= {"js", "css"}
    assert {cluster.http.get(asset).status_code for asset in assets} == {200}
    [program] = re.findall(r'<script type="module"[^>]+src="([^"]+)"', page.text)
    assert cluster.http.get(program, headers={"accept-encoding": "br"}).headers["content-encoding"] == "br"
    await eventually(lambda: cluster.stats()["completed"] == 50)
