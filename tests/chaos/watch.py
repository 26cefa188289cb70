"""How much memory each process holds, now and then."""

import asyncio
from typing import Literal

import psutil

from tests.chaos.cluster import ChaosCluster
from tests.chaos.history import Recorder

INTERVAL = 2.0


async def watch(cluster: ChaosCluster, recorder: Recorder) -> None:
    """Until cancelled."""
    while True:
        measure(cluster, recorder, "sample")
        await asyncio.sleep(INTERVAL)


def measure(cluster: ChaosCluster, recorder: Recorder, phase: Literal["baseline", "sample", "final"]) -> None:
    """One record for each process that lives. Workers without the children that they run plain functions in."""
    for name, pid in cluster.pids().items():
        try:
            rss_bytes = psutil.Process(pid).memory_info().rss
        except psutil.NoSuchProcess:
            continue
        recorder.write("memory", target=name, target_pid=pid, rss_bytes=rss_bytes, phase=phase)
