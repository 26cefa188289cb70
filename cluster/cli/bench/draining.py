"""A drain: preloaded tasks, and a cluster that was waiting for them."""

from collections.abc import Callable
from dataclasses import dataclass

from cluster.cli.bench.backlog import held_back, until_finished
from cluster.cli.bench.launcher import Cluster, Crew, cluster
from cluster.cli.bench.meter import Reading, read
from cluster.cli.bench.scenario import Context
from cluster.store.bench import Look, first_pick
from cluster.store.pool import connected


@dataclass(frozen=True, slots=True)
class Drain:
    """`seconds`: by PostgreSQL's clock, from the statement that claimed the first task to a look, by another
    connection, that saw the last outcome committed. The meters were read while everything waited, and at the end.
    """

    tasks: int
    seconds: float
    before: Reading
    after: Reading

    @property
    def rate(self) -> float:
        """Tasks per second."""
        return self.tasks / self.seconds


async def drained(
    context: Context,
    tasks: int,
    crew: Crew,
    command: str = "noop",
    looked: Callable[[Cluster, Look], None] = lambda _running, _look: None,
) -> Drain:
    """Drain `tasks` tasks in a database of their own. `looked` is called with every look, ten times a second or so."""
    async with context.database() as database, cluster(database, crew) as running:
        with context.stage("preload", tasks) as told:
            async with held_back(database, tasks, command, told) as start:
                before = await read(database, running)
        with context.stage(f"drain, {crew.workers} worker(s)", tasks) as told:

            def seen(sight: Look) -> None:
                told(sight.finished - start.finished)
                looked(running, sight)

            end = await until_finished(database, running, start.finished + tasks, seen)
        after = await read(database, running)
        async with connected(database.pool) as connection:
            began = await first_pick(connection, start.now)
        return Drain(tasks, end.now - began, before, after)
