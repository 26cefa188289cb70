"""The service of a compose project, through the Engine API: no compose command and no compose file is needed.

Its containers are told by the labels that compose writes. A further one is a copy of a sibling, labels included, so
`docker compose ps`, `up` and `down` see it as their own. What crashes is restarted by the engine (`restart:`); what was
killed or told to stop through the API is not, so after a kill the same container is started again. One that was told to
leave says so in its name, until it is taken away.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from docker import APIClient
from docker.errors import APIError, NotFound

from cluster.core.errors import EngineUnavailable
from cluster.supervisor.runtimes.containers.copies import NUMBER, networks, replica
from cluster.supervisor.runtimes.containers.daemon import (
    Inspected,
    asking,
    names_of,
    opening,
    own_label,
    slay,
)
from cluster.supervisor.runtimes.containers.ends import exit_code
from cluster.supervisor.runtimes.containers.engine import Unit
from cluster.supervisor.runtimes.containers.leaving import leaves, marked
from cluster.supervisor.runtimes.placement import Placement
from cluster.supervisor.runtimes.scaling import reconcile

PROJECT, SERVICE, ONEOFF = (f"com.docker.compose.{name}" for name in ("project", "service", "oneoff"))
AT_ONCE = 4
"""Containers that are started in one step: an order to kill waits no longer than for these."""
STATES = {"created": "starting", "running": "running", "paused": "running", "restarting": "backing_off"}
"""The engine's states as the wire calls them; a container in any other one has ended and stays so."""
STAYING = {"running", "backing_off"}


def connect(placement: Placement) -> "Compose":
    """Raises CannotStart when no engine answers, or the project is not known."""
    with opening() as daemon:
        return Compose(daemon, placement.project or own_label(daemon, PROJECT), placement.service, placement.patience)


class Compose:
    """An `Engine`. State: none."""

    replaces = False

    def __init__(self, daemon: APIClient, project: str, service: str, patience: float) -> None:
        """`patience`: seconds from SIGTERM to SIGKILL, for containers that have no stop_grace_period."""
        self._daemon = daemon
        self._project, self._service = project, service
        self._patience = patience

    def __repr__(self) -> str:
        return f"<Compose {self._project} {self._service}>"

    def look(self) -> list[Unit]:
        return [self._unit(container) for container in self._containers().values()]

    def scale(self, count: int) -> bool:
        """Start or drain what `count` asks for; not there before those that leave are taken away."""
        containers = self._containers()
        leaving = {number for number, found in containers.items() if _leaves(found)}
        # One that was created and not started counts as little as one that has ended: both are started when needed.
        staying = {number for number in containers.keys() - leaving if _state(containers[number]) in STAYING}
        change = reconcile(count, staying, leaving)
        for number in change.drain:
            self._drain(containers[number])
        self._start(containers, change.start[:AT_ONCE])
        return not change.start[AT_ONCE:] and not change.drain and not leaving

    def kill(self, unit: Unit) -> None:
        slay(self._daemon, unit.key)

    def drain(self, unit: Unit) -> None:
        if container := self._inspect(unit.key):
            self._drain(container)

    def clear(self, unit: Unit) -> None:
        with asking():
            try:
                self._daemon.remove_container(unit.key, v=True, force=True)
            except APIError as error:
                # Somebody else was faster, or is at it.
                if error.status_code not in {404, 409}:
                    raise

    def close(self) -> None:
        self._daemon.close()

    def replace(self, unit: Unit) -> None:
        if unit.grace is None:
            with asking():
                self._daemon.start(unit.key)

    def _containers(self) -> Mapping[int, Inspected]:
        """By their numbers in the service."""
        labels = [f"{PROJECT}={self._project}", f"{SERVICE}={self._service}", f"{ONEOFF}=False"]
        with asking():
            listed = self._daemon.containers(all=True, filters={"label": labels})
            inspected = [found for each in listed if (found := self._inspect(each["Id"]))]
        return {int(found["Config"]["Labels"][NUMBER]): found for found in sorted(inspected, key=_number)}

    def _inspect(self, container_id: str) -> Inspected | None:
        try:
            found: Inspected = self._daemon.inspect_container(container_id)
        except NotFound:  # taken away since it was listed
            return None
        return found

    def _unit(self, container: Inspected) -> Unit:
        status = container["State"]
        name, host = names_of(container["Id"], container["Config"])
        state, drains = _state(container), _leaves(container)
        return Unit(
            key=container["Id"],
            name=name,
            host=host,
            state="draining" if state == "running" and drains else state,
            life=_life(container),
            restarts=container.get("RestartCount", 0),
            code=exit_code(status["ExitCode"]) if not status["Running"] else None,
            grace=(container["Config"].get("StopTimeout") or self._patience) if drains else None,
        )

    def _drain(self, container: Inspected) -> None:
        # A signal through the API also tells the engine not to start it again.
        slay(self._daemon, container["Id"], container["Config"].get("StopSignal") or "SIGTERM")
        with asking():
            self._daemon.rename(container["Id"], marked(_name(container), _life(container)))

    def _start(self, containers: Mapping[int, Inspected], numbers: tuple[int, ...]) -> None:
        with asking(), ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(lambda number: self._start_one(containers, number), numbers))

    def _start_one(self, containers: Mapping[int, Inspected], number: int) -> None:
        stopped = containers.get(number)
        self._daemon.start(stopped["Id"] if stopped else self._create(containers, number))

    def _create(self, containers: Mapping[int, Inspected], number: int) -> str:
        if not containers:
            raise EngineUnavailable(
                f"project {self._project} has no container of the service {self._service} to copy: "
                f"docker compose up --scale {self._service}=1"
            )
        sibling = containers[min(containers)]
        name = f"{self._project}-{self._service}-{number}"
        created = str(self._daemon.create_container_from_config(replica(sibling, number), name)["Id"])
        for network, aliases in networks(sibling).items():
            if network != sibling["HostConfig"]["NetworkMode"]:
                self._daemon.connect_container_to_network(created, network, aliases=aliases)
        return created


def _state(container: Inspected) -> str:
    return STATES.get(container["State"]["Status"], "")


def _name(container: Inspected) -> str:
    return str(container["Name"]).lstrip("/")


def _life(container: Inspected) -> str:
    return f"{container['Id']} {container['State']['StartedAt']}"


def _leaves(container: Inspected) -> bool:
    return leaves(_name(container), _life(container))


def _number(container: Inspected) -> int:
    return int(container["Config"]["Labels"][NUMBER])
