"""What may be asked for. Outside these bounds a request is refused and nothing is enqueued."""

BODY_BYTES = 1024 * 1024
PAYLOAD_BYTES = 256 * 1024
PAYLOAD_DEPTH = 100
"""Levels of nesting; a worker's JSON reader and PostgreSQL's give up at their own, much later and less clearly."""
COMMAND_CHARACTERS = 200
QUEUE_CHARACTERS = 100
UNIQUE_KEY_CHARACTERS = 200
NAME = r"^\w[\w.:/@+-]*$"
"""What commands and queues are made of: letters and digits of any script and `_ . : / @ + -`, so that a name never
needs quoting in a shell, in SQL or in a URL's path."""
BATCH_TASKS = 1000
BATCH_PAYLOAD_BYTES = 16 * 1024 * 1024
"""The payloads of one batch together, which is one statement in PostgreSQL."""
PRIORITY_MIN, PRIORITY_MAX = -100, 100
ATTEMPTS_MAX = 100
TIMEOUT_SECONDS_MAX = 24 * 60 * 60
DELAY_SECONDS_MAX = 10 * 366 * 24 * 60 * 60
WORKERS_MAX = 50
LIST_ROWS_MAX = 500
LOOKUP_TASKS = 500
REPORT_BYTES = 16 * 1024
"""Results and tracebacks are cut here."""

DESCRIPTION_CHARACTERS = 500
SCHEMA_BYTES = 16 * 1024
"""What a worker says of one command; what is more is not kept."""
PROGRESS_CHARACTERS = 200
STEERED_TASKS = 10_000
"""Tasks that one request may cancel or retry."""

DEFAULT_ATTEMPTS = 3
DEFAULT_TIMEOUT_SECONDS = 15 * 60.0
MESSAGE_BYTES = 16 * 1024 * 1024
"""The largest gRPC message either side takes: a full batch of tasks is cut to fit."""
