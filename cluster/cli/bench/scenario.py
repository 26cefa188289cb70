"""The interface of a scenario: a name, a sentence, and a function that runs it in a context."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from cluster.cli.bench.figures import Findings
from cluster.cli.bench.server import Database, scratch
from cluster.cli.bench.sizes import Sizes
from cluster.cli.console import progress
from cluster.store.bare import BareFigures

Told = Callable[[float], None]
"""Called with how much has been done so far."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a scenario works with. `bare`: what PostgreSQL reached alone a moment ago, in the same repeat."""

    server: str
    sizes: Sizes
    bare: BareFigures
    title: str

    def database(self) -> AbstractAsyncContextManager[Database]:
        """A new, empty database, dropped with the block."""
        return scratch(self.server)

    @contextmanager
    def stage(self, what: str, total: float) -> Iterator[Told]:
        """Show on stderr how far this part of the scenario is."""
        with progress(f"{self.title}: {what}") as bar:
            shown = bar.add_task("", total=total, remark="")
            yield lambda done: bar.update(shown, completed=done)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`says`: one sentence, without a full stop, for --help and above the figures."""

    name: str
    says: str
    run: Callable[[Context], Awaitable[Findings]]
