"""However a cluster ends, nothing of it stays behind."""

import signal

from tests.acceptance.cluster import RunningCluster
from tests.fixtures.eventually import eventually


async def test_ctrl_c_lets_running_tasks_finish_and_leaves_no_process_though_somebody_watches(
    own: RunningCluster,
) -> None:
    supervisor = await own.up(workers=2)
    with own.events() as stream:
        running = own.enqueue_many("wait", 10, {"seconds": 1.5})
        await eventually(lambda: own.stats()["running"] == 10)

        supervisor.press_ctrl_c()

        assert supervisor.wait(30) == 0, own.log_tail()
        # The edge is the last to go but for PostgreSQL, so those who watch hear of every end.
        await eventually(lambda: stream.ended)
        completed = [told.task_id for told in stream.told if told.event == "task_completed"]
    assert sorted(completed) == sorted(running)
    await own.nothing_left()


async def test_a_second_signal_stops_at_once(own: RunningCluster) -> None:
    supervisor = await own.up(workers=1)
    own.enqueue_many("wait", 5, {"seconds": 60})
    await eventually(lambda: own.stats()["running"] == 5)

    supervisor.send(signal.SIGTERM)
    await eventually(lambda: '"stopping"' in own.log_text())
    supervisor.send(signal.SIGTERM)

    assert supervisor.wait(10) == 128 + signal.SIGTERM
    await own.nothing_left()


async def test_a_killed_supervisor_takes_every_process_with_it_and_no_task(own: RunningCluster) -> None:
    own.settings["HEARTBEAT_INTERVAL"] = "0.5"
    supervisor = await own.up(workers=2)
    task_ids = own.enqueue_many("wait", 10, {"seconds": 1})
    await eventually(lambda: own.stats()["running"] == 10)

    supervisor.send(signal.SIGKILL)

    assert supervisor.wait(10) == -signal.SIGKILL
    await own.nothing_left()

    # Nobody could end the sessions of its workers: they expire by the database clock.
    await own.up(workers=2)
    assert {task["status"] for task in await own.finished(task_ids)} == {"COMPLETE"}
