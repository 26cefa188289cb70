"""Results for people (a Rich table, Markdown) and for programs (JSON)."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from peers.contract import Peer
from peers.figures import NEVER, Figure, Results, Spread

TITLES = {
    Figure.DRAIN: "drain /s",
    Figure.ENQUEUE: "enqueue /s",
    Figure.P50: "p50 ms",
    Figure.P99: "p99 ms",
    Figure.RECOVERY: "recovered after s",
}
WITH_RATIO = (Figure.DRAIN, Figure.ENQUEUE)
ABSENT = "–"


def rows(results: Results, peers: Sequence[Peer], limit: float) -> list[tuple[str, ...]]:
    """A row for each peer: its title, then each figure as median and range, with the ratio to the first."""
    return [
        (peer.title, *(cell(results, peer.name, figure, peers[0].name, limit) for figure in TITLES)) for peer in peers
    ]


def cell(results: Results, peer: str, figure: Figure, reference: str, limit: float) -> str:
    spread = results.spread(peer, figure)
    if spread is None:
        return ABSENT
    told = amount(spread, figure, limit)
    ratio = results.ratio(peer, figure, reference) if figure in WITH_RATIO and peer != reference else None
    return f"{told} × {ratio.median:.2f}" if ratio else told


def amount(spread: Spread, figure: Figure, limit: float) -> str:
    """Median and range: `1,200 (1,100–1,300)`."""
    if spread.median == NEVER:
        return f"not within {limit:g}" if spread.least == NEVER else f"not within {limit:g} (least {spread.least:.0f})"
    told = [number(value, figure) for value in (spread.median, spread.least, spread.most)]
    return told[0] if told[1] == told[2] else f"{told[0]} ({told[1]}–{told[2]})"


def number(value: float, figure: Figure) -> str:
    if value == NEVER:
        return "never"
    if figure in WITH_RATIO:
        # Three digits: what moves below that is noise.
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.1f}"


def table(results: Results, peers: Sequence[Peer], limit: float) -> Table:
    made = Table(title="Median (range) over the repeats; × = relative to TaskMaster in the same repeat")
    made.add_column("", no_wrap=True)
    for title in TITLES.values():
        made.add_column(title, justify="right")
    for row in rows(results, peers, limit):
        made.add_row(*row)
    return made


def promises(peers: Sequence[Peer], versions: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What each row is, as lines of Rich's markup that read well at any width."""
    return [
        f"[bold]{it.title}[/] ({escape(told(versions.get(it.name, {})))}): {escape(it.settings)}. "
        f"Acknowledged {it.acknowledged}; {it.execution}; history {it.history}."
        for it in peers
    ]


def promise_rows(peers: Sequence[Peer], versions: Mapping[str, Mapping[str, str]]) -> list[tuple[str, ...]]:
    return [
        (peer.title, told(versions.get(peer.name, {})), peer.settings, peer.acknowledged, peer.execution, peer.history)
        for peer in peers
    ]


def told(facts: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}".strip() for name, value in facts.items())


def markdown(document: Mapping[str, Any], results: Results, peers: Sequence[Peer], limit: float) -> str:
    """Both tables and the conditions, for a README."""
    head = ["", *TITLES.values()]
    lines = [_line(head), _line(["---", *(["---:"] * len(TITLES))]), *map(_line, rows(results, peers, limit)), ""]
    lines += [_line(["", "versions", "settings", "acknowledged", "execution", "history"]), _line(["---"] * 6)]
    lines += [*map(_line, promise_rows(peers, document["versions"])), ""]
    lines += [f"{name}: {told(facts)}" for name, facts in document["conditions"].items()]
    lines += [f"{name}: {why}" for name, reasons in results.failures.items() for why in reasons]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def as_json(results: Results, versions: Mapping[str, Any], conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Every single value by peer, figure and repeat; a recovery that was not seen is null."""
    values: dict[str, dict[str, dict[str, float | None]]] = {}
    for (peer, figure), known in results.values.items():
        said = {str(repeat): None if value == NEVER else round(value, 3) for repeat, value in sorted(known.items())}
        values.setdefault(peer, {})[figure.value] = said
    return {
        "conditions": dict(conditions),
        "versions": dict(versions),
        "values": values,
        "failures": results.failures,
    }
