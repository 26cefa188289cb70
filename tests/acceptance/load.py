"""Tasks enqueued all the time, as by people who know of no trouble."""

import threading
import time

import httpx


class Load:
    """Enqueues `counted` tasks from a thread of its own, `per_second` in batches.

    State: the ids that were acknowledged, and what went wrong.
    """

    def __init__(self, url: str, *, per_second: int, seconds: float = 0.0, batch: int = 50) -> None:
        """`seconds`: how long each task takes."""
        self.task_ids: list[str] = []
        self._client = httpx.Client(base_url=url, timeout=10)
        self._body = {"command": "counted", "count": batch, "payload": {"seconds": seconds}}
        self._pause = batch / per_second
        self._over = threading.Event()
        self._failure: httpx.HTTPError | None = None
        self._thread = threading.Thread(target=self._run, name="load")

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        assert self._failure is None, self._failure

    def stop(self) -> None:
        self._over.set()
        self._thread.join(20)
        self._client.close()

    def _run(self) -> None:
        due = time.monotonic()
        try:
            while not self._over.wait(max(0.0, due - time.monotonic())):
                due += self._pause
                answer = self._client.post("/api/schedule/batch", json=self._body)
                answer.raise_for_status()
                self.task_ids += answer.json()["task_ids"]
        except httpx.HTTPError as error:
            self._failure = error
