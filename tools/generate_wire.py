"""Generate cluster/wire from proto/, or with --check say whether the committed files are up to date.

The .proto path mirrors the Python package, so protoc writes the right imports by itself. Exit code 1: drift.
"""

import argparse
import difflib
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
GENERATED = ("cluster/wire/*_pb2.py", "cluster/wire/*_pb2.pyi", "cluster/wire/*_pb2_grpc.py")


def generate(target: Path) -> None:
    sources = [str(path.relative_to(PROTO)) for path in sorted(PROTO.rglob("*.proto"))]
    outputs = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(["protoc", f"-I{PROTO}", *outputs, *sources]) != 0:
        raise SystemExit("protoc failed, see above")


def files(root: Path) -> dict[str, str]:
    found = (path for pattern in GENERATED for path in root.glob(pattern))
    return {str(path.relative_to(root)): path.read_text() for path in found}


def drift(committed: dict[str, str], fresh: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for name in sorted(committed.keys() | fresh.keys()):
        old, new = committed.get(name, ""), fresh.get(name, "")
        lines += difflib.unified_diff(old.splitlines(), new.splitlines(), name, f"{name} (generated)", lineterm="", n=1)
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the committed files differ")
    if not parser.parse_args().check:
        generate(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        difference = drift(files(ROOT), files(Path(folder)))
    if difference:
        print("\n".join(difference[:60]))
        print("cluster/wire differs from proto/: run `python tools/generate_wire.py` and commit")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
