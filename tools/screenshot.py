"""Take the picture of the running page that the README shows.

    taskmaster up
    python tools/screenshot.py http://127.0.0.1:8081 docs/dashboard.png

Posts some jobs first, so that there is something to see. Needs Chromium (`apt install chromium`), which it drives over
a pair of pipes: `--screenshot` alone would wait for the event stream of the page to end, and that never ends.
"""

import argparse
import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")


class Browser:
    """Chromium's DevTools protocol over its debugging pipe: JSON messages that end with a NUL byte.

    State: the two pipe ends, what was read beyond the last whole message, and the last message's number.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._rest = b""
        self._numbers = itertools.count(1)

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """The result of one command; events that come in between are dropped."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._answers, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser went away")
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium with a profile of its own, gone afterwards."""
    program = next((path for path in map(shutil.which, NAMES) if path), None)
    if program is None:
        raise SystemExit(f"no browser: none of {', '.join(NAMES)} is on the PATH (apt install chromium)")
    theirs_in, commands = os.pipe()
    answers, theirs_out = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # Chromium wants the pipe at descriptors 3 and 4, and refuses to sandbox itself as root.
        root = "--no-sandbox" if os.geteuid() == 0 else ""
        start = f'exec "$0" --headless=new --remote-debugging-pipe {root} --user-data-dir="$1"'
        line = f"{start} 3<&{theirs_in} 4>&{theirs_out}"
        process = subprocess.Popen(
            ["bash", "-c", line, program, profile], pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(commands, answers)
        finally:
            os.close(commands)
            os.close(answers)
            process.terminate()
            process.wait(20)


def post_jobs(url: str, count: int) -> None:
    body = json.dumps({"command": "demo-job", "count": count}).encode()
    request = urllib.request.Request(  # noqa: S310 - the person who calls us chose the URL
        f"{url}/api/schedule/batch", body, {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def picture(url: str, width: int, height: int, seconds: float) -> bytes:
    """The page as a PNG, `seconds` after it was opened."""
    with browser() as chromium:
        target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
        session = chromium.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        chromium.call("Emulation.setDeviceMetricsOverride", session, **screen)
        chromium.call("Emulation.setScrollbarsHidden", session, hidden=True)
        chromium.call("Page.navigate", session, url=url)
        time.sleep(seconds)
        shot = chromium.call("Page.captureScreenshot", session, format="png")
        with contextlib.suppress(RuntimeError):
            chromium.call("Browser.close")
    return base64.b64decode(shot["data"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Take the picture of the running page.")
    parser.add_argument("url")
    parser.add_argument("target", type=Path)
    parser.add_argument("--jobs", type=int, default=40, help="demo jobs to post first")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long to watch before the shot")
    parser.add_argument("--size", default="1280x880")
    chosen = parser.parse_args()
    width, height = map(int, chosen.size.split("x"))
    if chosen.jobs:
        post_jobs(chosen.url, chosen.jobs)
    chosen.target.parent.mkdir(parents=True, exist_ok=True)
    chosen.target.write_bytes(picture(chosen.url, width, height, chosen.seconds))
    print(f"{chosen.target}: {chosen.target.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
