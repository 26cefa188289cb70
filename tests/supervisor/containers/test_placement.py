"""Where the workers run is said by variables, each of which is checked."""

import pytest

from cluster.core.errors import CannotStart, SettingsError
from cluster.supervisor.runtimes import choose
from cluster.supervisor.runtimes.placement import Placement


def test_workers_are_processes_unless_something_else_is_said() -> None:
    assert Placement.from_env({}, 35.0) == Placement("processes", "", "worker", "", 35.0)


def test_names_are_taken_as_they_are() -> None:
    env = {"SUPERVISOR_RUNTIME": "swarm", "SUPERVISOR_PROJECT": "shop_2", "SUPERVISOR_SERVICE": "gpu-worker"}
    assert Placement.from_env(env, 35.0) == Placement("swarm", "shop_2", "gpu-worker", "", 35.0)


@pytest.mark.parametrize("variable", ["SUPERVISOR_PROJECT", "SUPERVISOR_SERVICE", "SUPERVISOR_NAMESPACE"])
@pytest.mark.parametrize("value", ["a/b", "--force", "a b", "$(reboot)", "x" * 129, "../secrets", "a;b"])
def test_what_is_no_name_is_refused_with_the_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Placement.from_env({variable: value}, 35.0)


def test_an_unknown_runtime_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="SUPERVISOR_RUNTIME='podman' must be one of: processes, compose, swarm"):
        Placement.from_env({"SUPERVISOR_RUNTIME": "podman"}, 35.0)


@pytest.mark.parametrize(("runtime", "extra"), choose.EXTRAS.items())
async def test_a_library_that_is_missing_is_named_with_the_extra_that_brings_it(
    runtime: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(module: str) -> None:
        assert module.endswith(f".{runtime}")
        raise ModuleNotFoundError("No module named 'engine'", name="engine")

    monkeypatch.setattr(choose, "import_module", missing)

    with pytest.raises(CannotStart, match=rf"{runtime} needs the package engine: .*\[{extra}\]"):
        await choose.containers(Placement(runtime, "", "worker", "", 35.0))
