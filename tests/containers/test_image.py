"""What the image is, whoever runs it."""

import shutil
import time

import pytest

from tests.containers.engine import BUILD_ARGUMENTS, CHECKOUT, build, health, in_container
from tests.fixtures.eventually import eventually

COMPILERS = ("cc", "gcc", "g++", "clang", "ld", "make", "cargo")


@pytest.fixture
def rebuilt(engine, image):
    """Builds images under names that are gone after the test."""
    tags = []

    def rebuild(**how):
        tags.append(f"taskmaster:test-{len(tags)}")
        build(tags[-1], **how)
        return engine.images.get(tags[-1])

    yield rebuild
    for tag in tags:
        engine.images.remove(tag, force=True)


def test_its_programs_are_run_by_nobody_in_particular(engine, image):
    told = engine.containers.run(image, ["-u"], entrypoint="id", remove=True)
    assert int(told) >= 10_000


def test_it_has_no_compiler(engine, image):
    look = f"import shutil; print([name for name in {COMPILERS} if shutil.which(name)])"
    assert engine.containers.run(image, ["-c", look], entrypoint="python", remove=True).strip() == b"[]"


def test_it_carries_the_schema_and_the_dashboard(engine, image):
    look = (
        "from cluster.runtime.paths import shipped; print(len(list(shipped('sql').rglob('*.sql'))) > 10, "
        "(shipped('dashboard') / 'index.html').is_file())"
    )
    assert engine.containers.run(image, ["-c", look], entrypoint="python", remove=True).strip() == b"True True"


def test_a_change_of_the_code_is_one_small_layer(engine, rebuilt, tmp_path):
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, tmp_path)
    for name in ("cluster", "sql", "tools"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules"))
    before = rebuilt(context=tmp_path).attrs["RootFS"]["Layers"]
    (tmp_path / "cluster" / "news.py").write_text(f'"""Made at {time.time_ns()}."""\n')

    changed = rebuilt(context=tmp_path)

    after = changed.attrs["RootFS"]["Layers"]
    assert [layer == old for layer, old in zip(after, before, strict=True)].count(False) == 1
    [code] = [layer for layer in changed.history() if "COPY /opt/package" in layer["CreatedBy"]]
    assert code["Size"] < 10_000_000


def test_how_the_package_index_is_reached_stays_out_of_it(rebuilt):
    image = rebuilt(PIP_TRUSTED_HOST="sesame.invalid")
    told = str(image.history()) + str(image.attrs["Config"])
    assert "sesame" not in told
    assert not any(f"{name}=" in told for name in BUILD_ARGUMENTS)


FREEZE = """
import os, pathlib, signal
for told in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if b"cluster.worker" in told.read_bytes() and int(told.parent.name) != os.getpid():
        os.kill(int(told.parent.name), signal.SIGSTOP)
"""


async def test_its_health_check_asks_the_role_that_runs(engine, image):
    often = {"interval": 500_000_000, "timeout": 20_000_000_000, "retries": 1}
    # Not process 1, which nobody in its container can stop.
    worker = engine.containers.run(image, ["worker"], healthcheck=often, init=True, detach=True)
    try:
        await eventually(lambda: health(worker) == "healthy", timeout=30)
        in_container(worker, FREEZE)
        await eventually(lambda: health(worker) == "unhealthy", timeout=30)
        assert "worker: nothing answers" in worker.attrs["State"]["Health"]["Log"][-1]["Output"]
    finally:
        worker.remove(force=True)


def test_it_runs_without_writing_a_file_of_its_own(engine, image):
    strict = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"], "network_mode": "none"}
    assert engine.containers.run(image, ["--version"], remove=True, **strict).startswith(b"taskmaster ")


@pytest.mark.parametrize("role", ["worker", "supervisor"])
async def test_as_process_1_a_role_gets_the_signal_and_ends_well(engine, image, role):
    container = engine.containers.run(image, [role], detach=True)
    try:
        await eventually(lambda: b'"event"' in container.logs(), timeout=30)
        container.stop(timeout=20)
        assert container.wait()["StatusCode"] == 0, container.logs().decode()
    finally:
        container.remove(force=True)
