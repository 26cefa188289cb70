"""What may be registered as a task, and what is said of what may not."""

import functools

import pytest

from cluster import Backoff, Context, task
from cluster.core.errors import CannotStart, InvalidHandler
from cluster.worker.loading import load, prepare
from cluster.worker.registry import Handler, Registry, registered


async def one(ctx: Context, path: str) -> None: ...


async def two(path: str) -> None: ...


def test_the_decorated_function_stays_what_it_is() -> None:
    def plain(a: int) -> int:
        return a + 1

    decorate = task("stays-what-it-is", timeout=3, max_attempts=2, backoff=Backoff(first=5))
    assert decorate(plain) is plain
    handler = registered["stays-what-it-is"]
    assert (handler.timeout, handler.max_attempts, handler.asynchronous) == (3, 2, False)
    assert handler.backoff == Backoff(first=5)


def test_a_command_is_registered_once_and_both_places_are_named() -> None:
    registry = Registry()
    registry.add(Handler("resize", one))
    with pytest.raises(InvalidHandler, match=r"'resize' is registered twice: by .*\.one \(.*:\d+\) and by .*\.two"):
        registry.add(Handler("resize", two))


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ({"timeout": 0}, "timeout must be a number from 0.001 to 86400; it is 0"),
        ({"timeout": -1.5}, "timeout must be a number"),
        ({"timeout": float("nan")}, "timeout must be a number"),
        ({"timeout": "30"}, "timeout must be a number"),
        ({"max_attempts": 0}, "max_attempts must be a whole number from 1 to 100; it is 0"),
        ({"max_attempts": 2.0}, "max_attempts must be a whole number"),
        ({"max_attempts": True}, "max_attempts must be a whole number"),
        ({"backoff": 5}, r"backoff must be a Backoff\(…\); it is 5"),
        ({"backoff": {"first": 1}}, "backoff must be a Backoff"),
    ],
)
def test_a_bad_policy_is_an_error_at_import(policies: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidHandler, match=said):
        task("bad-policy", **policies)(two)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["first", "factor", "cap", "jitter"])
def test_a_bad_backoff_is_an_error_at_import_that_names_the_field(field: str) -> None:
    with pytest.raises(ValueError, match=f"backoff: {field} must be a number from"):
        Backoff(**{field: -1})


@pytest.mark.parametrize("command", ["", "x" * 201, "a\0b", "two\nlines", 7])
def test_a_bad_name_is_an_error_at_import(command: object) -> None:
    with pytest.raises(InvalidHandler, match="printable characters"):
        task(command)(two)  # type: ignore[arg-type]


def test_a_decorator_without_a_name_says_how_to_write_it() -> None:
    with pytest.raises(InvalidHandler, match=r'write @task\("a-name"\) above two'):
        task(two)  # type: ignore[arg-type]


def test_parameters_that_no_name_can_fill_are_an_error_at_import() -> None:
    async def positional(path: str, /) -> None: ...

    async def starred(*paths: str) -> None: ...

    def generator() -> object:
        yield 1

    with pytest.raises(InvalidHandler, match="path: str cannot be given by name"):
        Handler("positional", positional)
    with pytest.raises(InvalidHandler, match=r"\*paths: str cannot be given by name"):
        Handler("starred", starred)
    with pytest.raises(InvalidHandler, match="is a generator"):
        Handler("generator", generator)


@pytest.mark.parametrize("annotation", [Context, "Context", "cluster.Context"])
def test_the_context_is_told_by_its_annotation_or_its_name(annotation: object) -> None:
    async def annotated(anything, path: str) -> None: ...  # type: ignore[no-untyped-def]

    async def named(ctx, path: str) -> None: ...  # type: ignore[no-untyped-def]

    annotated.__annotations__["anything"] = annotation
    for function in (annotated, named):
        handler = Handler("context", function)
        assert handler.wants_context
        assert [parameter.name for parameter in handler.parameters] == ["path"]
    assert not Handler("context", two).wants_context


def test_a_partial_is_a_task_too() -> None:
    assert Handler("partial", functools.partial(two, path="x")).asynchronous


@pytest.mark.usefixtures("handlers")
def test_the_name_of_a_built_in_command_is_taken() -> None:
    with pytest.raises(CannotStart, match="the command 'add' is built in"):
        prepare([Handler("add", two)])


def test_a_module_that_ends_the_process_is_named(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "leaves_at_once.py").write_text("raise SystemExit('no\\nlicence')")
    (tmp_path / "imports_nothing.py").write_text("import there_is_no_such_thing")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CannotStart, match="importing 'leaves_at_once' failed: SystemExit: no licence"):
        load(["leaves_at_once"])
    with pytest.raises(CannotStart, match="importing 'imports_nothing' failed: ModuleNotFoundError: No module named"):
        load(["imports_nothing"])
    with pytest.raises(CannotStart, match=r"names 'no\.such', and there is no such module in "):
        load(["no.such"])


def test_an_annotation_that_cannot_be_resolved_is_named() -> None:
    async def unresolved(path: str) -> None: ...

    unresolved.__annotations__["path"] = "NoSuchType"
    registry_before = dict(registered)
    task("unresolved-annotation")(unresolved)
    try:
        with pytest.raises(CannotStart, match=r"task 'unresolved-annotation': .*NoSuchType"):
            prepare()
    finally:
        registered._handlers.clear()
        registered._handlers.update(registry_before)
