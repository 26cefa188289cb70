"""What code does: SQL, background tasks, clocks, settings, errors. A rule yields `path:line: why`."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import Source

SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s.+\sSET|DELETE\s+FROM|(CREATE|DROP|ALTER|TRUNCATE|NOTIFY|LISTEN)\s)",
    re.DOTALL,
)
RUNS_SQL = {"execute", "executemany", "stream", "copy"}
SPAWNS = {"create_task", "ensure_future", "run_coroutine_threadsafe"}
WALL_CLOCK = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now"}
PEOPLE = ("cluster/cli/", "cluster/client/")
"""Where the clock is the one on somebody's wall."""
ANYBODY_S = {"PATH"}
"""Variables that are no settings of ours."""
EVERYTHING = {"Exception", "BaseException"}


def built_sql(source: Source) -> Iterator[str]:
    """SQL is source code: f-strings, +, % and format() have no place in it."""
    for node in ast.walk(source.tree):
        if _is_assembled(node) and SQL.search(_literal_text(node)):
            yield source.at(node, "SQL put together from pieces")
        elif isinstance(node, ast.Call) and _called(node) in RUNS_SQL and node.args and _is_assembled(node.args[0]):
            yield source.at(node, "a statement put together from pieces is executed")


def _is_assembled(node: ast.AST) -> bool:
    match node:
        case ast.JoinedStr() | ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="format")):
            return True
        case ast.BinOp(op=ast.Add()):
            return bool(_literal_text(node))
    return False


def _literal_text(node: ast.AST) -> str:
    texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return " ".join(text for text in texts if isinstance(text, str))


def ownerless_task(source: Source) -> Iterator[str]:
    """Every background task has an owner: its handle is kept, or a TaskGroup waits for it."""
    groups = {
        item.optional_vars.id
        for node in ast.walk(source.tree)
        if isinstance(node, ast.AsyncWith)
        for item in node.items
        if isinstance(item.optional_vars, ast.Name) and "TaskGroup" in ast.unparse(item.context_expr)
    }
    for node in ast.walk(source.tree):
        match node:
            case ast.Expr(value=ast.Call() as call) | ast.Assign(targets=[ast.Name(id="_")], value=ast.Call() as call):
                owner = call.func.value if isinstance(call.func, ast.Attribute) else None
                grouped = isinstance(owner, ast.Name) and owner.id in groups
                if _called(call) in SPAWNS and not grouped:
                    yield source.at(node, "nobody keeps this task: await it somewhere")


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def wall_clock(source: Source) -> Iterator[str]:
    """Only the database clock decides what is due or over; local timers use the monotonic clock."""
    if source.path.startswith(PEOPLE):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WALL_CLOCK:
            yield source.at(node, f"{ast.unparse(node.func)} is this machine's opinion")


def setting_read(source: Source) -> Iterator[str]:
    """Settings are read once, by cluster.runtime or in a composition root, and passed down.

    Lending the whole environment to a child is fine.
    """
    if source.path.startswith("cluster/runtime/") or source.path.endswith("/__main__.py"):
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute() as asked, args=[name, *_]):
                by_name = ast.unparse(asked) in {"os.environ.get", "os.getenv", "os.environ.pop"}
            case ast.Subscript(value=ast.Attribute() as asked, slice=name, ctx=ast.Load()):
                by_name = ast.unparse(asked) == "os.environ"
            case _:
                continue
        if by_name and isinstance(name, ast.Constant) and name.value not in ANYBODY_S:
            yield source.at(node, f"{ast.unparse(name)} is read here instead of in Settings")


def swallowed_error(source: Source) -> Iterator[str]:
    """An error of a kind nobody foresaw is an event, never silence."""
    for node in ast.walk(source.tree):
        match node:
            case ast.ExceptHandler(type=kind, body=[ast.Pass() | ast.Continue()]):
                if kind is None or ast.unparse(kind) in EVERYTHING:
                    yield source.at(node, "every error is swallowed")
            case ast.Call(args=kinds) if _called(node) == "suppress":
                if any(ast.unparse(kind) in EVERYTHING for kind in kinds):
                    yield source.at(node, "every error is suppressed")


ALL = (built_sql, ownerless_task, wall_clock, setting_read, swallowed_error)
