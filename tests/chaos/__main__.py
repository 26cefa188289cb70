"""`python -m tests.chaos`: a run of its own length, and exit code 1 when anything was violated."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

import msgspec

from cluster.runtime.loop import run as run_loop
from tests.chaos.run import Options, run
from tests.chaos.schedule import GAP


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the faults and of the clients")
    parser.add_argument("--minutes", type=float, default=3.0, help="of faults (3)")
    parser.add_argument("--faults", default="", help="only these, separated by commas")
    parser.add_argument("--rate", type=float, default=100.0, help="tasks a second (100)")
    parser.add_argument("--gap", type=float, default=GAP, help="seconds between two faults, on average")
    parser.add_argument("--without", default="", help="leave these checkers out, separated by commas")
    parser.add_argument("--out", type=Path, help="a folder for everything that is left of the run")
    asked = parser.parse_args()
    folder = asked.out or Path(tempfile.mkdtemp(prefix="taskmaster-chaos-"))
    options = Options(
        seed=asked.seed,
        minutes=asked.minutes,
        folder=folder.absolute(),
        faults=_words(asked.faults),
        rate=asked.rate,
        gap=asked.gap,
        without=_words(asked.without),
    )
    print(f"seed {options.seed}, everything in {options.folder}\nreplay: {options.command}", flush=True)
    report = run_loop(run(options))
    (options.folder / "report").write_text(report.text())
    (options.folder / "report.json").write_bytes(msgspec.json.encode(report))
    print(report.text())
    return 0 if report.good else 1


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


if __name__ == "__main__":
    sys.exit(main())
