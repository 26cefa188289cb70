"""What the programs note arrives at the bench as it was, half written lines and all."""

import struct
from pathlib import Path

from peers.measures import partial_rate
from peers.probes import Note, Tally, read_notes, read_tally


def tallied(folder: Path, process: int, first: int, last: int, count: int) -> None:
    (folder / f"{process}.tally").write_bytes(struct.pack("=QQQ", first, last, count))


def test_tallies_of_all_processes_are_added_up(tmp_path: Path) -> None:
    tallied(tmp_path, 1, first=50, last=200, count=3)
    tallied(tmp_path, 2, first=40, last=150, count=4)
    assert read_tally(tmp_path) == Tally(count=7, first=40, last=200)


def test_a_process_without_a_no_op_yet_does_not_count(tmp_path: Path) -> None:
    tallied(tmp_path, 1, first=50, last=200, count=3)
    tallied(tmp_path, 2, first=0, last=0, count=0)
    (tmp_path / "3.tally").write_bytes(b"")
    assert read_tally(tmp_path) == Tally(count=3, first=50, last=200)


def test_before_anything_began_there_is_nothing(tmp_path: Path) -> None:
    assert read_tally(tmp_path) == Tally(0, 0, 0)


def test_notes_come_in_the_order_of_time_from_all_processes(tmp_path: Path) -> None:
    (tmp_path / "1.notes").write_text("begun 1 30\nended 1 90\n")
    (tmp_path / "2.notes").write_text("begun 2 20\n")
    assert read_notes(tmp_path, "begun") == [Note("begun", 2, 20), Note("begun", 1, 30)]


def test_a_half_written_line_is_left_for_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "1.notes").write_text("begun 1 30\nbegun 2 4")
    assert [note.value for note in read_notes(tmp_path, "begun")] == [1]


def test_a_drain_that_was_cut_off_has_the_rate_of_what_began() -> None:
    assert partial_rate(Tally(count=5_000, first=1_000_000_000, last=3_500_000_000)) == 2_000
