"""Nothing is lost and nothing counts twice, whatever is done to the cluster: a few minutes of it, by a new seed.

CHAOS_SEED and CHAOS_MINUTES choose another run; the replay command is printed with everything that was found.
"""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.chaos.run import Options, run

MINUTES = 3.0
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(0)]


async def test_a_cluster_that_is_ill_treated_keeps_its_promises() -> None:
    # Not pytest's: an account without rights must get to PostgreSQL's data.
    folder = Path(tempfile.mkdtemp(prefix="taskmaster-chaos-"))
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))
    options = Options(seed=seed, minutes=float(os.environ.get("CHAOS_MINUTES") or MINUTES), folder=folder)
    print(f"\nreplay: {options.command}", flush=True)

    report = await run(options)

    print(report.text(), flush=True)
    assert report.good, f"{report.text()}\nhistory, tables and logs: {folder}"
    shutil.rmtree(folder)
