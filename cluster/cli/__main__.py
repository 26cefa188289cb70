"""`python -m cluster.cli`, for where the console script is not on PATH."""

from cluster.cli.main import run

if __name__ == "__main__":
    raise SystemExit(run())
