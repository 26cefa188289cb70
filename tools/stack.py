"""The compose file as a stack for a swarm: `docker compose config --format json` on stdin, a stack file on stdout.

    docker compose -f docker-compose.yml -f deploy/swarm.yml config --format json |
      python3 tools/stack.py | docker stack deploy -c - taskmaster

A swarm refuses some of what Compose knows and says differently some of what both know. Only the standard library.
"""

import json
import sys
from typing import Any

Json = dict[str, Any]

LEFT_OUT = ("build", "depends_on", "entrypoint", "network_mode", "restart", "security_opt", "shm_size", "tmpfs")
"""Of services: what a swarm has no word for. It starts all at once and again until they go on: the roles wait."""


def stack(project: Json) -> Json:
    """Networks and volumes get the names that the stack gives them."""
    return {
        "version": "3.8",
        "services": {name: service(told) for name, told in project["services"].items()},
        **{
            kind: {name: unnamed(told) for name, told in project.get(kind, {}).items()}
            for kind in ("networks", "volumes")
        },
        "secrets": project.get("secrets", {}),
    }


def service(told: Json) -> Json:
    """One service, or whatever else the file tells of it that a swarm understands."""
    kept = {name: value for name, value in told.items() if name not in LEFT_OUT and value is not None}
    kept["deploy"] = deploy(told.get("deploy", {}))
    if "tmpfs" in told:
        mounts = [{"type": "tmpfs", "target": target.partition(":")[0]} for target in told["tmpfs"]]
        kept["volumes"] = kept.get("volumes", []) + mounts
    if "ports" in kept:
        kept["ports"] = [port(each) for each in kept["ports"]]
    return kept


def deploy(told: Json) -> Json:
    limits = told.get("resources", {}).get("limits", {})
    words = {name: str(value) for name, value in limits.items()}
    return told | ({"resources": {"limits": words}} if words else {})


def port(told: Json) -> Json:
    """A swarm publishes on all addresses of its nodes, and wants numbers."""
    return {name: value for name, value in told.items() if name != "host_ip"} | {"published": int(told["published"])}


def unnamed(told: Json | None) -> Json:
    return {name: value for name, value in (told or {}).items() if name not in {"name", "ipam"}}


if __name__ == "__main__":
    json.dump(stack(json.load(sys.stdin)), sys.stdout, indent=2)
