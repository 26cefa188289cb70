"""What is written is read again, whoever wrote it and however they died."""

import os
from pathlib import Path
from uuid import uuid4

import msgspec
import psycopg
import pytest

from cluster.core.task import State
from tests.chaos.history import Fault, History, Ok, Recorder, Start
from tests.chaos.tables import Tables, snapshot


def test_what_is_written_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    task_id, execution = uuid4(), uuid4()
    client, worker = Recorder(tmp_path / "client.jsonl", "client"), Recorder(tmp_path / "deep" / "w.jsonl", "worker-1")
    client.write("ok", op="enqueue", call="a", task_ids=[task_id], status=201)
    worker.write("start", task_id=task_id, attempt=1, execution=execution)
    client.write("fault", fault="sigkill", target="worker-1", phase="begin")

    history = History.read(tmp_path)

    assert [type(record) for record in history.records] == [Ok, Start, Fault]
    assert next(history.of_kind(Start)).execution == execution
    assert {record.pid for record in history.records} == {os.getpid()}


def test_a_line_torn_by_a_kill_is_counted_and_does_not_spoil_the_next_life(tmp_path: Path) -> None:
    path = tmp_path / "worker.jsonl"
    path.write_bytes(b'{"t": 1, "kind": "mark", "process": "x", "pid": 1, "name": "quiet"}\n{"t": 2, "ki')
    Recorder(path, "worker").write("mark", name="drained")

    history = History.read(tmp_path)

    assert len(history.records) == 2
    assert history.torn == 1


def test_nonsense_is_refused_where_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(msgspec.ValidationError):
        Recorder(tmp_path / "x.jsonl", "x").write("start", attempt=1)
    assert History.read(tmp_path).records == ()


def test_a_whole_line_that_is_no_record_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"t": 1, "kind": "mark", "process": "x", "pid": 1, "name": "lunch"}\n')
    with pytest.raises(ValueError, match=r"x\.jsonl, line 1"):
        History.read(tmp_path)


COMPLETED = """
  INSERT INTO task_history (id, scheduled_at, created_at, finished_at, state, priority, attempt, crash_count, queue,
                            command, result)
  VALUES (%s, now(), now(), now(), 10, 0, 1, 0, 'default', 'noop', '"x"')"""


def test_the_tables_survive_a_file(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        ready = "INSERT INTO tasks (id, scheduled_at, state, command) VALUES (%s, now(), 1, 'noop')"
        connection.execute(ready, [uuid4()])
        connection.execute(COMPLETED, [uuid4()])
        connection.execute("INSERT INTO counters (pending) VALUES (3), (-2)")

    tables = snapshot(database_url)
    tables.dump(tmp_path / "tables.json")

    assert Tables.load(tmp_path / "tables.json") == tables
    assert [row.state for row in tables.rows] == [State.READY, State.COMPLETE]
    assert tables.finished[0].result == "x"
    assert tables.counters["pending"] == 1
