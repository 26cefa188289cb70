"""However a cluster ends, nothing of it stays behind."""

import signal

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def test_ctrl_c_lets_running_tasks_finish_and_leaves_no_process(own: RunningCluster) -> None:
    supervisor = await own.up(workers=2)
    task_ids = own.enqueue_many("wait", 10, {"seconds": 1.5})
    await eventually(lambda: own.stats()["running"] == 10)

    supervisor.press_ctrl_c()

    assert supervisor.wait(30) == 0, own.log_tail()
    await own.nothing_left()

    await own.up(workers=1)
    tasks = own.these(task_ids)
    assert {(task["status"], task["attempt"]) for task in tasks} == {("COMPLETE", 1)}, "Ctrl-C did not wait for them"


async def test_a_second_signal_stops_at_once(own: RunningCluster) -> None:
    supervisor = await own.up(workers=1)
    own.enqueue_many("wait", 5, {"seconds": 60})
    await eventually(lambda: own.stats()["running"] == 5)

    supervisor.send(signal.SIGTERM)
    await eventually(lambda: '"stopping"' in own.log_text())
    supervisor.send(signal.SIGTERM)

    assert supervisor.wait(10) == 128 + signal.SIGTERM
    await own.nothing_left()


async def test_a_killed_supervisor_takes_every_process_with_it(own: RunningCluster) -> None:
    supervisor = await own.up(workers=2)
    task_ids = own.enqueue_many("wait", 10, {"seconds": 1})
    await eventually(lambda: own.stats()["running"] == 10)

    supervisor.send(signal.SIGKILL)

    assert supervisor.wait(10) == -signal.SIGKILL
    await own.nothing_left()

    # And what was lost with it comes back from PostgreSQL.
    await own.up(workers=2)
    tasks = await own.finished(task_ids, timeout=40)
    assert {task["status"] for task in tasks} == {"COMPLETE"}


async def test_an_open_event_stream_does_not_hold_up_the_end(own: RunningCluster) -> None:
    supervisor = await own.up(workers=1)
    with own.events():
        supervisor.send(signal.SIGTERM)
        assert supervisor.wait(20) == 0
