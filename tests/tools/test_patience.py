"""No test of this project waits for ever."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HANGS = """
import asyncio

async def test_that_hangs_beside_a_loop_that_turns():
    async def turn():
        while True:
            await asyncio.sleep(0.01)

    turning = asyncio.create_task(turn())
    await asyncio.Event().wait()
"""


def test_a_coroutine_that_waits_for_ever_fails_where_it_waits(tmp_path: Path) -> None:
    path = tmp_path / "test_hangs.py"
    path.write_text(HANGS)
    options = ("-p", "tests.fixtures.patience", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "-o", "timeout=6")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--rootdir={tmp_path}", str(path)],
        cwd=ROOT, env=os.environ | {"PYTEST_ADDOPTS": ""}, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 1, run.stdout
    assert "the test waited for 1 s" in run.stdout
    assert "await asyncio.Event().wait()" in run.stdout
