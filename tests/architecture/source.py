"""The source files that the rules read, parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """One Python file: its path relative to the checkout, its text and its tree."""

    path: str
    text: str
    tree: ast.Module = field(repr=False)

    @classmethod
    def parse(cls, text: str, path: str = "cluster/core/sample.py") -> "Source":
        return cls(path, text, ast.parse(text))

    def at(self, node: ast.AST, message: str) -> str:
        """A finding as editors understand it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {message}"

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, FUNCTIONS))


@cache
def package() -> tuple[Source, ...]:
    """Every file of the package that people wrote."""
    found = sorted((ROOT / "cluster").rglob("*.py"))
    paths = (path for path in found if "_pb2" not in path.name and "node_modules" not in path.parts)
    return tuple(Source.parse(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))) for path in paths)
