"""Driver errors become ours here: above the store nobody knows psycopg."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg_pool

from cluster.core.errors import RowsLocked, StoreFault, StoreRejected, StoreUnavailable

_UNAVAILABLE_CLASSES = ("08", "40", "53", "57", "25006")
"""SQLSTATEs: connection exception, rollback (deadlock), insufficient resources (disk, connections), operator
intervention, read-only."""
_FAULT_CLASSES = ("58", "XX")
"""System error (I/O) and internal error (a damaged page, a catalogue that changed at this moment). Every other class is
the fault of the data or the statement, an unknown one, too: who tried it again might do so for ever."""


@contextmanager
def translated() -> Iterator[None]:
    """StoreUnavailable for what passes when PostgreSQL is back, RowsLocked for what passes when somebody else lets go,
    StoreFault for what may pass and may be a row's own, StoreRejected for what would fail again."""
    try:
        yield
    except (psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed, psycopg_pool.TooManyRequests) as error:
        raise StoreUnavailable(f"no connection to PostgreSQL: {error}") from error
    except psycopg.errors.LockNotAvailable as error:
        raise RowsLocked(f"PostgreSQL waited for somebody else: {_one_line(error)}") from error
    except psycopg.Error as error:
        state = error.sqlstate or ""
        if state.startswith(_FAULT_CLASSES):
            # One that ends the connection leaves open what was done before it: that is no answer.
            kind = StoreFault if error.diag.severity_nonlocalized == "ERROR" else StoreUnavailable
            raise kind(f"PostgreSQL failed at a statement: {_one_line(error)}") from error
        if state.startswith(_UNAVAILABLE_CLASSES) or (not state and isinstance(error, psycopg.OperationalError)):
            raise StoreUnavailable(f"PostgreSQL is not available: {_one_line(error)}") from error
        raise StoreRejected(f"PostgreSQL refused a statement: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
