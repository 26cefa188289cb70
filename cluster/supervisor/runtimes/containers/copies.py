"""One more of the same: what to create so that a container is a replica of a sibling. Pure."""

from collections.abc import Mapping
from typing import Any

from cluster.supervisor.runtimes.containers.daemon import SHORT_ID, Inspected
from cluster.supervisor.runtimes.containers.leaving import unmarked

NUMBER = "com.docker.compose.container-number"


def replica(sibling: Inspected, number: int) -> dict[str, Any]:
    """The body of POST /containers/create: image, environment, mounts, limits and networks of `sibling`, labels too, so
    that compose counts it among its own.
    """
    config = {name: value for name, value in sibling["Config"].items() if not _its_own(name, value, sibling)}
    # By digest: the tag may have moved on since the sibling was made.
    config |= {"Image": sibling["Image"], "Labels": {**sibling["Config"]["Labels"], NUMBER: str(number)}}
    mode = sibling["HostConfig"]["NetworkMode"]
    endpoints = {name: {"Aliases": aliases} for name, aliases in networks(sibling).items() if name == mode}
    return {**config, "HostConfig": sibling["HostConfig"], "NetworkingConfig": {"EndpointsConfig": endpoints}}


def networks(sibling: Inspected) -> Mapping[str, list[str]]:
    """The networks it is in, and how it is called there, without what is its alone: its name and its id.

    A container is created in one, that of its NetworkMode: engines before 25 take no more. The others are joined.
    """
    own = {sibling["Id"][:SHORT_ID], unmarked(sibling["Name"].lstrip("/"))}
    attached = sibling["NetworkSettings"]["Networks"]
    return {name: [alias for alias in at.get("Aliases") or () if alias not in own] for name, at in attached.items()}


def _its_own(name: str, value: object, sibling: Inspected) -> bool:
    """Whether this is the sibling's alone: a host name that the engine made of its id."""
    return name == "Hostname" and value == sibling["Id"][:SHORT_ID]
