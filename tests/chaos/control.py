"""What a node is told while it runs: one small file for each name, written by the run, read by whoever has the name.

The file outlives the process on purpose: a worker's supervisor starts the next life, not we.
"""

from pathlib import Path

import msgspec


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`clock`: seconds that its wall clock is off. `crash`: a crash point such as "claim:after:3", used up when it is
    hit. `repeat`: tell every batch of outcomes twice, and old ones again."""

    clock: float = 0.0
    crash: str = ""
    repeat: bool = False


class Controls:
    """The control files of one run, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def read(self, name: str) -> Control:
        """What `name` is told; nothing special when there is no file."""
        try:
            return msgspec.json.decode(self.path(name).read_bytes(), type=Control)
        except FileNotFoundError:
            return Control()

    def write(self, name: str, control: Control) -> None:
        """In one step: a reader finds the old text or the new one."""
        unfinished = self.path(name).with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(control))
        unfinished.replace(self.path(name))

    def change(self, name: str, **facts: float | str | bool) -> None:
        self.write(name, msgspec.structs.replace(self.read(name), **facts))
