"""What a child process says to its worker: replies, and now and then how far the present call is."""

import contextlib
import os
import threading
from time import monotonic
from typing import BinaryIO

from cluster.worker.frames import Call, Progress, Reply, framed
from cluster.worker.progress import EVERY_SECONDS, tidy


class Teller:
    """Writes frames, from whichever thread. Of progress at most one a second, and always the latest.

    No thread and no timer exists until a task reports progress twice within a second.

    State: the present call, what it said last and nobody has told yet, when that may be told, and the timer for it.
    """

    def __init__(self, replies: BinaryIO) -> None:
        self._replies = replies
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._call: Call | None = None
        self._latest: Progress | None = None
        self._due = 0.0
        self._timer: threading.Timer | None = None

    def __repr__(self) -> str:
        return f"<Teller busy={self._call is not None} timer={self._timer is not None}>"

    def begin(self, call: Call) -> None:
        """From now on its progress may be told."""
        with self._lock:
            self._call = call

    def reply(self, reply: Reply) -> None:
        """The present call is over: whatever threads it left behind, no progress of it follows its reply."""
        with self._lock:
            self._call = self._latest = None
            self._write(reply)

    def on_progress(self, call: Call, fraction: float, message: str) -> None:
        """Tell it now, or when the second is over."""
        if os.getpid() != self._process:
            # Forked by the task: the pipe is not this process's to write to, and the lock may never be free in it.
            return
        with self._lock:
            if call is not self._call:
                return
            self._latest = Progress(fraction, message)
            wait = self._due - monotonic()
            if wait <= 0:
                self._tell()
            elif self._timer is None:
                self._timer = threading.Timer(wait, self._on_timer)
                self._timer.daemon = True
                self._timer.start()

    def _on_timer(self) -> None:
        with self._lock:
            self._timer = None
            self._tell()

    def _tell(self) -> None:
        if self._latest is None:
            return
        latest, self._latest = self._latest, None
        self._due = monotonic() + EVERY_SECONDS
        # The worker is gone, and we are about to be: no reason to blame the task.
        with contextlib.suppress(BrokenPipeError):
            self._write(Progress(latest.fraction, tidy(latest.message)))

    def _write(self, frame: Reply | Progress) -> None:
        self._replies.write(framed(frame))
        self._replies.flush()
