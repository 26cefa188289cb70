"""What tests, benches and tools take from the package is there: some of it is run only by the long suites."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tests", "perf", "tools", "examples", "docs")


def taken(path: Path) -> Iterator[tuple[str, str]]:
    """Each name and the module of ours that it is imported from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "cluster":
            for alias in node.names:
                yield node.module, alias.name


def has(module: str, name: str) -> bool:
    if hasattr(importlib.import_module(module), name):
        return True
    try:
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_name_that_is_taken_from_the_package_is_there(folder: str) -> None:
    sources = [path for path in (ROOT / folder).rglob("*.py") if not {"node_modules", "results"} & {*path.parts}]
    missing = {
        f"{path.relative_to(ROOT)}: {module}.{name}"
        for path in sources
        for module, name in taken(path)
        if not has(module, name)
    }
    assert missing == set()


def test_a_name_that_has_moved_is_found(tmp_path: Path) -> None:
    path = tmp_path / "moved.py"
    path.write_text("from cluster.supervisor import roles, runtimes\n")
    assert [has(*each) for each in taken(path)] == [False, True]
