"""The coordinator's program."""

from contextlib import AsyncExitStack

from cluster.coordinator.coordinator import Coordinator
from cluster.runtime.entry import program
from cluster.runtime.lifecycle import running
from cluster.runtime.settings import Settings
from cluster.runtime.signals import Shutdown


async def main(settings: Settings) -> None:
    """Run until somebody asks it to end."""
    shutdown = Shutdown()
    shutdown.install()
    async with AsyncExitStack() as stack:
        # Its start may wait for PostgreSQL.
        if await shutdown.before(stack.enter_async_context(running(Coordinator(settings)))):
            await shutdown.wait()


def run() -> int:
    """The exit code of the process."""
    return program("coordinator", main)


if __name__ == "__main__":
    raise SystemExit(run())
