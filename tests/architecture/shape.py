"""How files look: size, names, imports, docstrings. A rule takes one file and yields `path:line: why`."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

from tests.architecture.source import FUNCTIONS, Source

FILE_LINES = 320
FUNCTION_LINES = 40
SHORT_LINES = 12
"""A function this short, with a name and types, may speak for itself."""

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}
SYNONYMS = {
    "dequeue": "claim",
    "requeue": "retry, rescue or release",
    "reclaim": "rescue",
    "recover": "rescue",
    "purge": "prune",
    "vacuum": "prune",
    "defer": "schedule",
    "job": "task",
    "jobs": "tasks",
    "nack": "release",
    "undelivered": "ready",
    "executor_id": "worker_id",
    "deadletter": "dead",
}
PUBLIC_NAMES = {"demo_job"}
"""The contract named them before the words were chosen."""
LIFECYCLE = {"start", "stop", "run", "main", "step", "wake"}
"""What these mean is told once, by runtime.lifecycle, runtime.entry and runtime.ticker."""


def long_file(source: Source) -> Iterator[str]:
    """A file has one reason; past this size it has two."""
    if (lines := source.text.count("\n")) > FILE_LINES:
        yield f"{source.path}:1: {lines} lines, at most {FILE_LINES}"


def long_function(source: Source) -> Iterator[str]:
    """Lines from `def` to the end, the docstring not counted."""
    for function in source.functions():
        told = function.body[0] if ast.get_docstring(function, clean=False) else None
        lines = (function.end_lineno or 0) - function.lineno + 1
        lines -= (told.end_lineno or 0) - told.lineno + 1 if told else 0
        if lines > FUNCTION_LINES:
            yield source.at(function, f"{function.name} has {lines} lines, at most {FUNCTION_LINES}")


def empty_name(source: Source) -> Iterator[str]:
    """A module is named after its reason; these names fit anything."""
    for part in PurePath(source.path).with_suffix("").parts:
        if part.strip("_") in EMPTY_NAMES:
            yield f"{source.path}:1: {part!r} says nothing about what is inside"


def synonym(source: Source) -> Iterator[str]:
    """One word per idea: functions and classes use the words of the architecture."""
    for node in ast.walk(source.tree):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name not in PUBLIC_NAMES:
            for word in re.findall(r"[A-Z]?[a-z]+", node.name):
                if kept := SYNONYMS.get(word.lower()):
                    yield source.at(node, f"{node.name}: the word here is {kept}, not {word.lower()}")


def hidden_import(source: Source) -> Iterator[str]:
    """An import inside a function or under TYPE_CHECKING hides a cycle or a cost."""
    for function in source.functions():
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield source.at(node, f"import inside {function.name}")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute | ast.alias) and "TYPE_CHECKING" in ast.unparse(node):
            yield source.at(node, "TYPE_CHECKING")


def untold(source: Source) -> Iterator[str]:
    """Modules, public classes and public functions say what they promise; the package's docstring is its design page.

    Let off: enums, roles' lifecycle methods, gRPC methods (proto/ tells them), and functions too short to hide much.
    """
    if source.text.strip() and not ast.get_docstring(source.tree):
        yield f"{source.path}:1: the module has no docstring"
    elif source.path.endswith("__init__.py") and not source.text.strip():
        yield f"{source.path}:1: the package has no docstring"
    for node in _public(source.tree):
        if not ast.get_docstring(node) and not _speaks_for_itself(node):
            yield source.at(node, f"{node.name} has no docstring")


def _public(parent: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in parent.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def _speaks_for_itself(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    lines = (node.end_lineno or 0) - node.lineno + 1
    if isinstance(node, ast.ClassDef):
        return lines <= SHORT_LINES or any("Enum" in ast.unparse(parent) for parent in node.bases)
    return lines <= SHORT_LINES or node.name in LIFECYCLE or node.name[0].isupper()


ALL = (long_file, long_function, empty_name, synonym, hidden_import, untold)
