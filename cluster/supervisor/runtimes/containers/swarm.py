"""A service of a swarm stack: the engine's managers keep its replicas running, we say how many and kill one.

A manager knows the tasks of all machines, but a signal takes the engine on which the container runs (`errands`), and of
that the managers know nothing. So the service says in its labels, which no container sees, which tasks were told to
leave: the managers kill only those that take too long to stop for them.
"""

from collections.abc import Callable, Mapping, Set
from typing import Any

from docker import APIClient

from cluster.core.errors import CannotStart, EngineUnavailable
from cluster.supervisor.runtimes.containers.daemon import asking, names_of, opening, own_label, slay
from cluster.supervisor.runtimes.containers.ends import exit_code
from cluster.supervisor.runtimes.containers.engine import Unit
from cluster.supervisor.runtimes.containers.errands import run_errand
from cluster.supervisor.runtimes.containers.leaving import leaving, relabelled
from cluster.supervisor.runtimes.placement import Placement

STACK = "com.docker.stack.namespace"
TRIES = 3
"""Of a change to the service, when somebody else changed it at the same moment."""
COMING = {"new", "pending", "assigned", "accepted", "ready", "preparing", "starting"}
ENDING = {"shutdown", "remove"}

NANOSECONDS = 1e9

Task = Mapping[str, Any]
"""What the Engine API says of one task (GET /tasks)."""
Spec = Mapping[str, Any]
"""What the Engine API says is wanted of a service."""


def connect(placement: Placement) -> "Swarm":
    """Raises CannotStart when no engine answers, it manages no swarm, or the stack is not known."""
    with opening() as daemon:
        with asking():
            swarm = daemon.info()["Swarm"]
        if not swarm["ControlAvailable"]:
            raise CannotStart("this engine manages no swarm: run the supervisor on a manager (node.role == manager)")
        stack = placement.project or own_label(daemon, STACK)
        return Swarm(daemon, f"{stack}_{placement.service}", swarm["NodeID"], placement.patience)


class Swarm:
    """An `Engine`. State: none."""

    replaces = True

    def __init__(self, daemon: APIClient, service: str, node: str, patience: float) -> None:
        """`node`: the id of the machine whose engine `daemon` is; `patience`: as of `Placement`."""
        self._daemon = daemon
        self._service = service
        self._node = node
        self._patience = patience

    def __repr__(self) -> str:
        return f"<Swarm {self._service}>"

    def look(self) -> list[Unit]:
        with asking():
            told = leaving(self._daemon.inspect_service(self._service)["Spec"].get("Labels") or {})
            return [_unit(task, self._patience, told=task["ID"] in told) for task in self._tasks()]

    def scale(self, count: int) -> bool:
        self._change(lambda spec: {"mode": _replicas(spec, self._service, count)})
        return True

    def kill(self, unit: Unit) -> None:
        self._signal(unit, "SIGKILL")

    def drain(self, unit: Unit) -> None:
        self._signal(unit, "SIGTERM")
        self._say(lambda told: told | {unit.key})

    def clear(self, unit: Unit) -> None:
        """The container is the managers' affair, the label ours."""
        self._say(lambda told: told - {unit.key})

    def close(self) -> None:
        self._daemon.close()

    def replace(self, unit: Unit) -> None:
        """The managers do that."""

    def _signal(self, unit: Unit, signal: str) -> None:
        """On another machine, by a job there."""
        with asking():
            container = self._daemon.inspect_task(unit.key)["Status"]["ContainerStatus"]["ContainerID"]
        if unit.node == self._node:
            slay(self._daemon, container, signal)
        else:
            run_errand(self._daemon, unit.node, container, signal)

    def _tasks(self) -> list[Task]:
        return list(self._daemon.tasks(filters={"service": self._service}))

    def _say(self, change: Callable[[Set[str]], Set[str]]) -> None:
        """In the labels of the service: which of the tasks that it still knows were told to leave."""
        with asking():
            known = {task["ID"] for task in self._tasks()}

        def labels(spec: Spec) -> Mapping[str, Any]:
            said = spec.get("Labels") or {}
            return {"labels": relabelled(said, change(leaving(said) & known))}

        self._change(labels)

    def _change(self, change: Callable[[Spec], Mapping[str, Any]]) -> None:
        for _ in range(TRIES - 1):
            try:
                return self._update(change)
            except EngineUnavailable as error:
                if "out of sequence" not in error.detail:
                    raise
        return self._update(change)

    def _update(self, change: Callable[[Spec], Mapping[str, Any]]) -> None:
        """`change`: from what is wanted of the service to what is wanted instead, as arguments of `update_service`."""
        with asking():
            service = self._daemon.inspect_service(self._service)
            spec = service["Spec"]
            # All of it and no more: to spell out a default would be another template, and start every worker again.
            same = {
                "task_template": spec["TaskTemplate"],
                "name": spec["Name"],
                "labels": spec.get("Labels"),
                "mode": spec["Mode"],
                "update_config": spec.get("UpdateConfig"),
                "rollback_config": spec.get("RollbackConfig"),
                "endpoint_spec": spec.get("EndpointSpec"),
            }
            self._daemon.update_service(service["ID"], service["Version"]["Index"], **{**same, **change(spec)})


def _replicas(spec: Spec, service: str, count: int) -> Mapping[str, Any]:
    if "Replicated" not in spec["Mode"]:
        raise EngineUnavailable(f"the service {service} is not replicated: it has no number of workers")
    return {"Replicated": {"Replicas": count}}


def _unit(task: Task, patience: float, *, told: bool) -> Unit:
    status = task["Status"]
    container = status.get("ContainerStatus") or {}
    name, host = names_of(container.get("ContainerID") or task["ID"], task["Spec"]["ContainerSpec"])
    ended_by_managers = task["DesiredState"] in ENDING
    state = _state(status["State"], ended_by_managers or told)
    code = container.get("ExitCode")
    return Unit(
        key=task["ID"],
        name=name,
        host=host,
        state=state,
        life=task["ID"],
        code=exit_code(code) if code is not None and not state else None,
        node=task.get("NodeID", ""),
        # What the managers end themselves they also kill in time.
        grace=_grace(task, patience) if told and not (ended_by_managers and state) else None,
    )


def _grace(task: Task, patience: float) -> float:
    return float(task["Spec"]["ContainerSpec"].get("StopGracePeriod", 0) / NANOSECONDS or patience)


def _state(state: str, leaves: bool) -> str:
    """As the wire calls it; empty for a task that has ended, which the swarm remembers for a while."""
    if state == "running":
        return "draining" if leaves else "running"
    return "starting" if state in COMING and not leaves else ""
