"""The tables of the comparison: every peer has a row, every gap is visible, and JSON keeps every single value."""

import json

import pytest
from peers import PEERS
from peers.contract import Home, Runtime
from peers.figures import NEVER, Figure, Results, Spread
from peers.report import ABSENT, TITLES, amount, as_json, markdown, promises, rows

LIMIT = 120.0
CONDITIONS = {"machine": {"cores": "2"}}


@pytest.fixture
def measured() -> Results:
    made = Results()
    for repeat, (ours, theirs) in enumerate([(40_000.0, 18_012.0), (30_000.0, 15_000.0), (35_000.0, 17_500.0)]):
        made.add("taskmaster", Figure.DRAIN, repeat, ours)
        made.add("pgqueuer", Figure.DRAIN, repeat, theirs)
    made.add("pgqueuer", Figure.RECOVERY, 0, 36.04)
    made.add("celery", Figure.RECOVERY, 0, NEVER)
    made.fail("oban", "needs Python 3.12 or later on PATH")
    return made


def row_of(measured: Results, title: str) -> dict[str, str]:
    [row] = [row for row in rows(measured, PEERS, LIMIT) if row[0] == title]
    return dict(zip(["", *TITLES.values()], row, strict=True))


def test_a_figure_is_told_as_median_range_and_ratio(measured: Results) -> None:
    assert row_of(measured, "PgQueuer")["drain /s"] == "17,500 (15,000–18,000) × 0.50"


def test_the_reference_has_no_ratio_to_itself(measured: Results) -> None:
    assert row_of(measured, "TaskMaster")["drain /s"] == "35,000 (30,000–40,000)"


def test_a_recovery_that_was_not_seen_is_not_a_number(measured: Results) -> None:
    assert row_of(measured, "Celery")["recovered after s"] == "not within 120"
    assert row_of(measured, "PgQueuer")["recovered after s"] == "36.0"
    assert amount(Spread(NEVER, 110.0, NEVER), Figure.RECOVERY, LIMIT) == "not within 120 (least 110)"
    assert amount(Spread(37.0, 36.0, NEVER), Figure.RECOVERY, LIMIT) == "37.0 (36.0–never)"


def test_who_was_not_measured_keeps_a_row_of_gaps(measured: Results) -> None:
    assert set(row_of(measured, "Oban").values()) == {"Oban", ABSENT}


def test_json_has_every_value_and_null_for_what_was_not_seen(measured: Results) -> None:
    document = json.loads(json.dumps(as_json(measured, {}, CONDITIONS), allow_nan=False))
    assert document["values"]["pgqueuer"]["drain_per_second"] == {"0": 18012.0, "1": 15000.0, "2": 17500.0}
    assert document["values"]["celery"]["recovery_seconds"] == {"0": None}
    assert document["failures"] == {"oban": ["needs Python 3.12 or later on PATH"]}


def test_markdown_has_the_tables_the_conditions_and_the_failures(measured: Results) -> None:
    text = markdown(as_json(measured, {"pgqueuer": {"pgqueuer": "1.6.0"}}, CONDITIONS), measured, PEERS, LIMIT)
    assert "| PgQueuer | 17,500 (15,000–18,000) × 0.50 |" in text
    assert "pgqueuer 1.6.0" in text and "machine: cores 2" in text and "oban: needs Python 3.12" in text
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) <= 2


def test_every_row_says_what_it_promises() -> None:
    assert len(promises(PEERS, {})) == len(PEERS)
    for peer in PEERS:
        assert peer.settings and peer.acknowledged and peer.execution and peer.history


def test_every_peer_has_its_program_and_pinned_requirements() -> None:
    for peer in PEERS:
        assert peer.program.is_file()
        if peer.runtime is not Runtime.OURS:
            pins = (peer.folder / "requirements.txt").read_text().split()
            assert pins and all("==" in pin for pin in pins)
            assert peer.pages, f"{peer.name}: where do its settings come from?"
        if peer.home is Home.POSTGRESQL:
            assert peer.unfinished.startswith("SELECT ")
