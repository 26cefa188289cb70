"""Who was told to leave, written where the containers are: whoever looks knows it, after a restart, too.

An engine keeps no note of the signals that it sent, and a second SIGTERM means "at once" to a worker. Pure.
"""

import re
import zlib
from collections.abc import Mapping, Set

MARK = re.compile(r"(?P<name>.+)\.leaving\.(?P<life>[0-9a-f]{8})")
LABEL = "taskmaster.leaving."
"""What the label of a task begins with, before its id."""


def marked(name: str, life: str) -> str:
    """The name of a container whose process `life` was told to leave."""
    return f"{unmarked(name)}.leaving.{_digest(life)}"


def unmarked(name: str) -> str:
    found = MARK.fullmatch(name)
    return found["name"] if found else name


def leaves(name: str, life: str) -> bool:
    """Whether the name says so of that very life: somebody may have started the container again."""
    found = MARK.fullmatch(name)
    return found is not None and found["life"] == _digest(life)


def leaving(labels: Mapping[str, str]) -> Set[str]:
    """The tasks of a service that were told to leave, as its labels say."""
    return {name.removeprefix(LABEL) for name in labels if name.startswith(LABEL)}


def relabelled(labels: Mapping[str, str], tasks: Set[str]) -> dict[str, str]:
    """`labels`, saying so of these tasks and of no others."""
    kept = {name: value for name, value in labels.items() if not name.startswith(LABEL)}
    return kept | {LABEL + task: "true" for task in sorted(tasks)}


def _digest(life: str) -> str:
    return f"{zlib.crc32(life.encode()):08x}"
