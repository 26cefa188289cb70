"""What is wrong with PostgreSQL, in plain words with what to do: pure, from what it says of itself."""

from collections.abc import Iterator

from cluster.edge.overview import FindingView
from cluster.store.health import DatabaseHealth

OLD, TOO_OLD = 60.0, 600.0
"""Seconds of an open transaction."""
CROWDED, FULL = 0.8, 0.95
"""Parts of the connections that may be had."""
DEAD, TOO_DEAD = 200_000, 2_000_000
"""Dead rows in the table of unfinished tasks, if there are also five times as many as live ones."""
OLDEST_VERSION = 150000


def findings(health: DatabaseHealth) -> list[FindingView]:
    """Worst first."""
    found = [*_promises(health), *_transactions(health), *_connections(health), *_dead_rows(health)]
    return sorted(found, key=lambda finding: finding.level != "bad")


def _promises(health: DatabaseHealth) -> Iterator[FindingView]:
    if not health.fsync:
        text = "fsync is off: what was acknowledged can be lost when this machine loses power."
        yield FindingView("bad", text, "Set fsync = on in postgresql.conf and restart PostgreSQL.")
    if health.standby:
        text = "This server is a standby and takes no writes."
        yield FindingView("bad", text, "Let DATABASE_URL name the primary, or all hosts of which one is.")
    if not health.autovacuum:
        text = "autovacuum is off: dead rows pile up and every claim gets slower."
        yield FindingView("bad", text, "Set autovacuum = on; a reload is enough.")
    if health.version < OLDEST_VERSION:
        text = f"PostgreSQL {version(health)} is older than 15, the oldest that is tested."
        yield FindingView("warn", text, "Upgrade it to 15 or later.")


def _transactions(health: DatabaseHealth) -> Iterator[FindingView]:
    seconds = health.oldest_seconds
    if seconds is None or seconds < OLD:
        return
    who = health.oldest_application or "somebody"
    backend = "" if health.oldest_pid is None else f" (backend {health.oldest_pid})"
    text = (
        f"{who}{backend} has had a transaction open for {_minutes(seconds)}: VACUUM cannot clear away what is done "
        "since then, and claims walk over it."
    )
    advice = "End it where it was begun"
    if health.oldest_pid is not None:
        advice += f", or SELECT pg_terminate_backend({health.oldest_pid})"
    yield FindingView("bad" if seconds >= TOO_OLD else "warn", text, f"{advice}.")


def _connections(health: DatabaseHealth) -> Iterator[FindingView]:
    used = health.connections / max(1, health.connections_max)
    if used < CROWDED:
        return
    text = f"{health.connections} of {health.connections_max} connections are taken; who comes next may be refused."
    yield FindingView("bad" if used >= FULL else "warn", text, "Lower DB_POOL_SIZE, or raise max_connections.")


def _dead_rows(health: DatabaseHealth) -> Iterator[FindingView]:
    if health.dead_tuples < DEAD or health.dead_tuples < 5 * health.live_tuples:
        return
    text = f"The table of tasks holds {health.dead_tuples:,} dead rows beside {health.live_tuples:,} live ones."
    advice = "If no transaction has been open for long, see whether autovacuum gets to it: VACUUM VERBOSE tasks."
    yield FindingView("bad" if health.dead_tuples >= TOO_DEAD else "warn", text, advice)


def version(health: DatabaseHealth) -> str:
    """180001 is 18.1."""
    return f"{health.version // 10000}.{health.version % 10000}"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
