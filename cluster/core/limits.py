"""What may be asked for. Outside these bounds a request is refused and nothing is enqueued."""

BODY_BYTES = 1024 * 1024
PAYLOAD_BYTES = 256 * 1024
COMMAND_CHARACTERS = 200
QUEUE_CHARACTERS = 100
UNIQUE_KEY_CHARACTERS = 200
BATCH_TASKS = 1000
PRIORITY_MIN, PRIORITY_MAX = -100, 100
ATTEMPTS_MAX = 100
TIMEOUT_SECONDS_MAX = 24 * 60 * 60
DELAY_SECONDS_MAX = 10 * 366 * 24 * 60 * 60
WORKERS_MAX = 50
LIST_ROWS_MAX = 500
REPORT_BYTES = 16 * 1024
"""Results and tracebacks are cut here."""

DEFAULT_ATTEMPTS = 3
DEFAULT_TIMEOUT_SECONDS = 15 * 60.0
MESSAGE_BYTES = 16 * 1024 * 1024
"""The largest gRPC message either side takes: a full batch of tasks is cut to fit."""
