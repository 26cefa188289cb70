"""The whole comparison: environments, servers, then repeat by repeat one peer after the other, and what came of it."""

import asyncio
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from peers.contract import Peer
from peers.environments import Environment, Unavailable, environment
from peers.figures import Figure, Results, rotated
from peers.measures import Extent, latency, rates, recovery
from peers.programs import Ended
from peers.report import as_json, markdown, number, promises, table, told
from peers.servers import Redis, postgres, redis
from peers.stage import Servers, Stage, staged

RATES, LATENCY, RECOVERY = "rates", "latency", "recovery"
MEASURES = (RATES, LATENCY, RECOVERY)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. `json`, `markdown`: files to write besides the tables."""

    peers: tuple[Peer, ...]
    repeat: int
    measures: tuple[str, ...]
    extent: Extent
    json: Path | None
    markdown: Path | None


class Bench:
    """State: results so far, and the environments of the peers that can be measured here."""

    def __init__(self, options: Options, console: Console) -> None:
        self.results = Results()
        self._options = options
        self._say = console
        self._environments: dict[str, Environment] = {}
        self._began = time.monotonic()

    def install(self) -> None:
        """An environment for every peer; who has none is left out, with the reason."""
        for peer in self._options.peers:
            try:
                with self._say.status(f"environment of {peer.title}"):
                    self._environments[peer.name] = environment(peer)
            except Unavailable as why:
                self._fail(peer, f"{why}")

    async def run(self) -> None:
        async with _servers() as servers:
            conditions = await self._conditions(servers)
            try:
                for repeat in range(self._options.repeat):
                    await self._repeat(repeat, servers)
            finally:
                self._report(conditions)

    async def _repeat(self, repeat: int, servers: Servers) -> None:
        by_name = {peer.name: peer for peer in self._options.peers if peer.name in self._environments}
        order = [by_name[name] for name in rotated(list(by_name), repeat)]
        for peer in order:
            if RATES in self._options.measures:
                await self._measure(peer, repeat, servers, partial(rates, extent=self._options.extent))
            if LATENCY in self._options.measures:
                await self._measure(peer, repeat, servers, partial(latency, extent=self._options.extent))
        if RECOVERY in self._options.measures:
            # All at once: they wait, and hardly anybody does anything.
            start = asyncio.Lock()
            measure = partial(recovery, extent=self._options.extent, start=start)
            await asyncio.gather(*(self._measure(peer, repeat, servers, measure) for peer in order))

    async def _measure(
        self, peer: Peer, repeat: int, servers: Servers, measure: Callable[[Stage], Awaitable[dict[Figure, float]]]
    ) -> None:
        """What fails is told and leaves a gap in this row; the others go on."""
        try:
            async with staged(peer, self._environments[peer.name], servers) as stage:
                seen = await measure(stage)
        except (Ended, TimeoutError, Unavailable) as error:
            self._fail(peer, f"repeat {repeat + 1}: {error}")
            return
        for figure, value in seen.items():
            self.results.add(peer.name, figure, repeat, value)
        told = ", ".join(f"{figure.value.replace('_', ' ')} {number(value, figure)}" for figure, value in seen.items())
        self._tell(f"repeat {repeat + 1}/{self._options.repeat}  {peer.title}: {told}")

    def _fail(self, peer: Peer, why: str) -> None:
        self.results.fail(peer.name, why)
        self._tell(f"{peer.title}: {why}", style="red")

    def _tell(self, text: str, style: str = "dim") -> None:
        self._say.print(f"{time.monotonic() - self._began:6.0f} s  {text}", style=style, markup=False, highlight=False)

    async def _conditions(self, servers: Servers) -> dict[str, dict[str, str]]:
        store = servers.redis
        extent = {name: f"{value:g}" for name, value in asdict(self._options.extent).items()}
        return {
            "machine": {"cores": str(os.cpu_count()), "processor": _processor()},
            "PostgreSQL": await servers.postgres.facts(),
            "Redis": {"": str(store)} if isinstance(store, Unavailable) else {"version": await store.version()},
            "run": {"repeats": str(self._options.repeat), **extent},
        }

    def _report(self, conditions: dict[str, dict[str, str]]) -> None:
        limit, peers = self._options.extent.recovery_seconds, self._options.peers
        versions = {name: it.versions for name, it in self._environments.items()}
        self._say.print(table(self.results, peers, limit), *promises(peers, versions), sep="\n", highlight=False)
        for name, facts in conditions.items():
            self._say.print(f"{name}: {told(facts)}", highlight=False)
        document = as_json(self.results, versions, conditions)
        if self._options.json:
            self._options.json.write_text(json.dumps(document, indent=2) + "\n")
        if self._options.markdown:
            self._options.markdown.write_text(markdown(document, self.results, peers, limit))


@asynccontextmanager
async def _servers() -> AsyncIterator[Servers]:
    with _home() as home:
        async with AsyncExitStack() as started:
            database = await started.enter_async_context(postgres(home))
            store: Redis | Unavailable
            try:
                store = await started.enter_async_context(redis(home))
            except Unavailable as why:
                store = why
            yield Servers(database, store)


@contextmanager
def _home() -> Iterator[Path]:
    """A folder for the servers' data, gone with them."""
    home = Path(tempfile.mkdtemp(prefix="taskmaster-peers-"))
    # The embedded server of root is another user, who must get in.
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _processor() -> str:
    """The processor as Linux names it, else the architecture."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
