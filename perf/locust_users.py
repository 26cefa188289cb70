"""Who puts load on the API: posters of one task and of many, readers, and watchers of the event stream.

Each is a class that Locust can be told to leave out (`locust -f perf/locustfile.py … SinglePoster Watcher`) or to weigh
differently (`--config-users '{"user_class_name": "BatchPoster", "weight": 5}'`).
"""

import time
from http import HTTPStatus
from uuid import UUID

import msgspec
from locust import FastHttpUser, constant, constant_pacing, constant_throughput, task
from locust.exception import CatchResponseError
from locust_follower import Follower
from locust_ledger import Outbox

SCHEDULE, BATCH = "/api/schedule", "/api/schedule/batch"
STATUS, TASKS, STATS, STREAM = "/api/status", "/api/tasks", "/api/stats", "/api/logs/stream"
JSON = {"Content-Type": "application/json"}
PAGE = 50
WATCH_SECONDS = 10.0
"""Then a watcher hangs up and comes back with Last-Event-ID."""
PAUSE_SECONDS = 1.0
"""What the edge asks of clients that lost their stream (`retry:`)."""


class _Scheduled(msgspec.Struct):
    task_id: UUID


class _Batch(msgspec.Struct):
    task_ids: list[UUID]


_read_scheduled = msgspec.json.Decoder(_Scheduled).decode
_read_batch = msgspec.json.Decoder(_Batch).decode
_encode = msgspec.json.Encoder().encode


class Member(FastHttpUser):
    """`outbox`: where this process keeps what was acknowledged; locustfile.py makes it."""

    abstract = True
    outbox: Outbox

    def post(self, path: str, body: bytes) -> bytes | None:
        """The answer to a POST that created something; anything else is a failure in Locust's figures, and None."""
        with self.client.post(path, data=body, headers=JSON, catch_response=True) as answer:
            if answer.status_code == HTTPStatus.CREATED:
                return answer.content
            answer.failure(f"{answer.status_code} {(answer.text or '')[:200]}")
        return None


class SinglePoster(Member):
    """One task a request, --rate of them a second, or each as soon as the one before is acknowledged."""

    weight = 8

    def on_start(self) -> None:
        self._body = _encode({"command": self.environment.parsed_options.task})

    def wait_time(self) -> float:
        rate = self.environment.parsed_options.rate
        return constant_throughput(rate)(self) if rate else 0.0

    @task
    def schedule(self) -> None:
        answer = self.post(SCHEDULE, self._body)
        if answer is not None:
            self.outbox.add([_read_scheduled(answer).task_id])


class BatchPoster(Member):
    """--batch tasks in one request, once a second."""

    weight = 1
    wait_time = constant_pacing(1.0)

    def on_start(self) -> None:
        options = self.environment.parsed_options
        self._body = _encode({"command": options.task, "count": options.batch})

    @task
    def schedule(self) -> None:
        answer = self.post(BATCH, self._body)
        if answer is not None:
            self.outbox.add(_read_batch(answer).task_ids)


class Reader(Member):
    """Looks at what was acknowledged a moment ago, at the first page of all tasks, at the counts; twice a second."""

    weight = 1
    wait_time = constant_pacing(0.5)

    @task(6)
    def one(self) -> None:
        recent = self.outbox.any_recent()
        if recent is not None:
            self.client.get(f"{STATUS}?task_id={recent}", name=STATUS)

    @task(2)
    def some(self) -> None:
        self.client.get(f"{TASKS}?limit={PAGE}", name=TASKS)

    @task(1)
    def counts(self) -> None:
        self.client.get(STATS)


class Watcher(Member):
    """One who follows the event stream, hangs up now and then and goes on where it was. What it is not told, though it
    should be, is a failure. The time of this request is that until the stream begins.
    """

    fixed_count = 1
    wait_time = constant(0.1)

    def on_start(self) -> None:
        self.follower = Follower(self.outbox.seen)

    @task
    def watch(self) -> None:
        headers = {"Last-Event-ID": self.follower.last} if self.follower.last else {}
        self.follower.connected()
        begin = time.monotonic()
        answer = self.client.get(STREAM, headers=headers, stream=True)
        if answer.status_code != HTTPStatus.OK:
            time.sleep(PAUSE_SECONDS)
            return
        try:
            for chunk in answer:
                for wrong in self.follower.read(chunk):
                    self._fail(wrong)
                if time.monotonic() - begin > WATCH_SECONDS:
                    break
        except OSError as error:
            self._fail(f"the stream broke off: {type(error).__name__}")
        finally:
            answer.release()

    def _fail(self, wrong: str) -> None:
        # None: it has no time, and may not change the percentiles of those that have one.
        self.environment.events.request.fire(
            request_type="SSE", name=STREAM, response_time=None, response_length=0,
            exception=CatchResponseError(wrong), context={},
        )  # fmt: skip
