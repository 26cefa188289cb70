"""Events become log lines and metrics here, and nowhere else.

`emit("worker_online", worker_id=…)` writes one structured log line to stderr and counts the event. The counters are
read by `counts()`; the edge shows them at /metrics.
"""

import logging
import sys
from collections import Counter
from typing import Any

import structlog

_counts: Counter[str] = Counter()
_log = structlog.get_logger("taskmaster")


def configure(role: str, log_format: str = "auto", level: str = "INFO", **fields: str) -> None:
    """Send every log line of this process (ours and the libraries') to stderr in one format.

    `log_format`: console, json, or auto (console on a terminal, else json). `role` and `fields` are on every line.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        # People compare it with the clock on their wall, programs with other machines.
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if console
        else structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with(role=role, **fields),
    ]
    tail: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # ExtraAdder: what a logger of the standard library carries (a task's id) becomes fields of the line.
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Its pool says a line for each connection and each try of an outage; cluster.store tells that once.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )


def emit(event: str, *, level: str = "info", count: int = 1, **fields: Any) -> None:
    """One event: a log line with its fields, and `count` more on its counter."""
    _counts[event] += count
    getattr(_log, level)(event, **{name: value for name, value in fields.items() if value is not None})


def tally(event: str, count: int = 1) -> None:
    """Count without a log line: for what happens thousands of times a second."""
    _counts[event] += count


def counts() -> dict[str, int]:
    """How often each event happened in this process."""
    return dict(_counts)


def _with(**always: str) -> Any:
    def add(_logger: Any, _method: str, fields: dict[str, Any]) -> dict[str, Any]:
        return {**always, **fields}

    return add
