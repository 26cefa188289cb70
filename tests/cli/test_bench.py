"""`taskmaster bench`: every scenario runs and says what it found, and nothing of it is left."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
import pytest
from typer.testing import CliRunner

from cluster.cli.bench.launcher import Crew, cluster
from cluster.cli.bench.scenarios import ALL, USUAL
from cluster.cli.bench.server import scratch
from cluster.cli.bench.sizes import QUICK
from cluster.cli.main import app
from cluster.core.errors import CannotStart
from tests.fixtures.eventually import eventually

BENCH = [sys.executable, "-m", "cluster.cli", "bench"]
SPREAD = {"median", "least", "most", "values"}
TELLING = {
    "drain": {"drain_per_second", "ratio", "cpu_us_coordinator", "cpu_us_worker", "cpu_us_postgresql", "wal_bytes"},
    "ingest": {
        "single_per_second",
        "single_cpu_us_client",
        "batch_per_second",
        "batch_cpu_us_edge",
    },
    "steady": {"finished_per_second", "bounded", "last_to_second", "cpu_us_client", "wal_bytes"},
    "latency": {"post_p50_ms", "post_p99_ms", "ack_p50_ms", "rpc_p50_ms"},
    "functions": {"functions_per_second", "cpu_us_worker"},
    "slots": {"of_ideal"},
    "workers": {"workers_1_per_second", "workers_2_ratio", "workers_2_cpu_us_coordinator"},
    "rows": {"claim_ratio", "finish_ratio", "post_ratio", "stats_ratio", "page_ratio"},
    "xmin": {"free_per_second", "pinned_per_second", "fall", "pinned_cpu_us_postgresql"},
    "dashboards": {"held", "lost", "p99_ms", "events_per_second", "edge_cores"},
    "memory": {"coordinator_growth_mib", "worker_growth_mib"},
}


@pytest.fixture
def env(postgres):
    return {**os.environ, "DATABASE_URL": postgres.url("postgres")}


@pytest.fixture
def databases(postgres):
    """Call it for the names of the databases that benches left on the server."""

    def found():
        with psycopg.connect(postgres.url("postgres")) as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'taskmaster_bench_%'")
            return {name for (name,) in rows.fetchall()}

    return found


def invoke(*arguments):
    return CliRunner().invoke(app, ["bench", *arguments])


@pytest.fixture(scope="module")
def everything(postgres, tmp_path_factory):
    """One run of all scenarios: what it printed and what it kept."""
    out = tmp_path_factory.mktemp("bench")
    command = [*BENCH, "--all", "--quick", "--json", "--out", out]
    env = {**os.environ, "DATABASE_URL": postgres.url("postgres")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [kept] = out.glob("*.json")
    return json.loads(done.stdout), json.loads(kept.read_text())


@pytest.mark.timeout(400)
def test_a_run_tells_the_machine_and_postgresql_alone_and_is_kept(everything, databases):
    run, kept = everything
    assert {"cpu", "cores", "load", "python", "postgresql", "settings"} <= run["machine"].keys()
    assert run["asked"].startswith("taskmaster bench ")
    assert datetime.fromisoformat(run["began"]) <= datetime.now(UTC)
    assert run["sizes"]["drain"] == QUICK.drain
    assert {"drain_per_second", "enqueue_per_second"} <= run["bare"]["figures"].keys()
    assert list(run["scenarios"]) == list(ALL)
    assert run["failed"] == {}
    assert kept == run
    assert databases() == set()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ALL)
def test_a_scenario_says_what_it_found(name, everything):
    scenario = everything[0]["scenarios"][name]
    assert scenario["figures"].keys() >= TELLING[name]
    assert all(figure.keys() >= SPREAD | {"label", "unit"} for figure in scenario["figures"].values())
    assert scenario["charts"]


def test_a_table_tells_ranges_where_there_are_repeats(env, databases, tmp_path):
    pytest.importorskip("matplotlib")
    command = [*BENCH, "drain", "--quick", "--repeat", "2", "--out", tmp_path, "--plot", tmp_path / "drawn.png"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    [drain] = [line for line in done.stdout.splitlines() if line.startswith("drain  ")]
    assert drain.count("/s") == 4, "median, least, most, aim"
    for said in ("PostgreSQL alone", "range", "Python", "synchronous_commit", "load before"):
        assert said in done.stdout
    assert (tmp_path / "drawn.png").read_bytes().startswith(b"\x89PNG")
    [kept] = tmp_path.glob("*.json")
    assert json.loads(kept.read_text())["repeats"] == 2
    assert databases() == set()


def test_help_names_every_scenario_and_what_runs_without_a_name():
    told = "".join(invoke("--help").output.replace("│", " ").split())
    assert [name for name in ALL if f"{name}:" not in told] == []
    assert ",".join(USUAL) in told


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["drian"], "there is no scenario 'drian'"),
        (["drain", "--all"], "name none"),
        (["--quick", "--full"], "not both"),
        (["workers", "--counts", "1,x"], "numbers from 1 to 50"),
        (["workers", "--counts", "0"], "numbers from 1 to 50"),
        (["--plot", "picture.pdf"], "ends in .png"),
        (["--out", "/proc/nowhere"], "cannot be made"),
        (["--repeat", "0"], "--repeat"),
        (["--rate", "many"], "--rate"),
        (["--workers", "51"], "--workers"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_started(arguments, why):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert "".join(why.split()) in "".join(result.output.replace("│", " ").split())


async def test_a_process_that_cannot_start_is_told_with_its_reason(postgres):
    crew = Crew(environment={"COORDINATOR_PORT": "nonsense"})
    async with scratch(postgres.url("postgres")) as database:
        with pytest.raises(CannotStart, match="COORDINATOR_PORT"):
            async with cluster(database, crew):
                pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_everything_and_drops_the_database(number, env, databases, tmp_path):
    async with started(env, tmp_path) as bench:
        await eventually(lambda: roles(bench) >= {"cluster.coordinator", "cluster.worker"}, timeout=60)
        children = bench.children(recursive=True)
        bench.send_signal(number)
        assert bench.wait(60) == 130
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert databases() == set()
    assert list(tmp_path.glob("*.json")) == []


async def test_a_bench_in_the_background_of_a_script_can_be_ended_too(env, databases, tmp_path):
    async with started(env, tmp_path, before=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as bench:
        await eventually(lambda: roles(bench) >= {"cluster.coordinator", "cluster.worker"}, timeout=60)
        bench.terminate()
        assert bench.wait(60) == 130
    assert databases() == set()


async def test_what_it_started_ends_with_it_even_by_sigkill(env, databases, tmp_path):
    async with started(env, tmp_path) as bench:
        await eventually(lambda: roles(bench) >= {"cluster.coordinator", "cluster.worker"}, timeout=60)
        children = bench.children(recursive=True)
        bench.kill()
        bench.wait(10)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    await eventually(lambda: dropped(env["DATABASE_URL"], databases()))


async def test_the_server_that_it_starts_is_gone_afterwards_with_its_folder(tmp_path):
    # A short path that an unprivileged account may pass through: PostgreSQL does not run as root.
    temporary = Path(tempfile.mkdtemp(prefix="tb-", dir="/tmp"))
    temporary.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "POSTGRES_HOST"}}
    try:
        async with started({**env, "TMPDIR": str(temporary)}, tmp_path) as bench:
            await eventually(lambda: "cluster.worker" in roles(bench), timeout=90)
            children = bench.children(recursive=True)
            bench.send_signal(signal.SIGINT)
            assert bench.wait(60) == 130
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []
        assert list(temporary.iterdir()) == []
    finally:
        temporary.rmdir()


@contextlib.asynccontextmanager
async def started(env, out, before=None):
    """A bench that goes on for longer than any test. `before`: done in its process before it begins."""
    command = [*BENCH, "slots", "--quick", "--seconds", "600", "--out", str(out)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = psutil.Popen(command, env=env, preexec_fn=before, **quiet)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def roles(bench):
    """The modules that the children of the bench run."""
    found = set()
    for child in bench.children():
        with contextlib.suppress(psutil.Error):
            found |= {word for word in child.cmdline() if word.startswith("cluster.")}
    return found


def dropped(url, names):
    with psycopg.connect(url, autocommit=True) as admin:
        for name in names:
            admin.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))
    return True
