"""One role with a rule broken: `python -m tests.chaos.broken ROLE`, the rule named by CHAOS_SABOTAGE."""

import importlib
import os
import sys

from tests.chaos import sabotage, tokens


def run(role: str) -> int:
    """The exit code of the role."""
    program = importlib.import_module(f"cluster.{role}.__main__")
    if role == "worker":
        tokens.install()
    sabotage.install(os.environ.get(sabotage.VARIABLE, ""))
    sys.argv = [f"cluster.{role}"]
    return int(program.run())


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1]))
