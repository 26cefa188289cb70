"""A rule that cannot fail checks nothing: each finds its bad sample and passes its good one."""

import pytest

from tests.architecture import conduct, shape
from tests.architecture.source import Source

STATEMENTS = "\n".join(f"    x = {number}" for number in range(45))
DOC = '"""Told."""\n'

BAD = [
    (shape.long_file, "x = 1\n" * 321),
    (shape.long_function, f"def f():\n{STATEMENTS}\n"),
    (shape.long_function, f"class C:\n  async def f(self):\n{STATEMENTS}\n"),
    (shape.synonym, "def requeue(task): ...\n"),
    (shape.synonym, "class JobRunner: ...\n"),
    (shape.hidden_import, "def f():\n    import os\n"),
    (shape.hidden_import, "class C:\n    def f(self):\n        from os import path\n"),
    (shape.hidden_import, "from typing import TYPE_CHECKING\n"),
    (shape.hidden_import, "import typing\nif typing.TYPE_CHECKING:\n    import os\n"),
    (shape.untold, "x = 1\n"),
    (shape.untold, DOC + f"def f():\n{STATEMENTS}\n"),
    (shape.untold, DOC + f"class C:\n{STATEMENTS}\n"),
    (shape.untold, DOC + f"class C:\n  {DOC}  def f(self):\n{STATEMENTS}\n"),
    (conduct.built_sql, 'query = f"SELECT id FROM {table}"\n'),
    (conduct.built_sql, 'query = "DELETE FROM tasks WHERE id = %s" % key\n'),
    (conduct.built_sql, 'query = "UPDATE tasks SET state = {}".format(state)\n'),
    (conduct.built_sql, 'query = base + " ALTER TABLE " + name\n'),
    (conduct.built_sql, 'async def f(conn):\n    await conn.execute(f"{verb} {table}")\n'),
    (conduct.ownerless_task, "import asyncio\nasyncio.create_task(f())\n"),
    (conduct.ownerless_task, "_ = asyncio.create_task(f())\n"),
    (conduct.ownerless_task, "loop.create_task(f())\n"),
    (conduct.ownerless_task, "asyncio.ensure_future(f())\n"),
    (conduct.wall_clock, "import time\nnow = time.time()\n"),
    (conduct.wall_clock, "from datetime import UTC, datetime\nnow = datetime.now(UTC)\n"),
    (conduct.setting_read, 'import os\nsize = os.environ["DB_POOL_SIZE"]\n'),
    (conduct.setting_read, 'import os\nsize = os.environ.get("DB_POOL_SIZE", "10")\n'),
    (conduct.setting_read, 'import os\nsize = os.getenv("DB_POOL_SIZE")\n'),
    (conduct.swallowed_error, "try:\n    f()\nexcept Exception:\n    pass\n"),
    (conduct.swallowed_error, "with suppress(ValueError, Exception):\n    f()\n"),
]

GOOD = [
    (shape.long_file, "x = 1\n" * 320),
    (shape.long_function, 'def f():\n    """' + "told\n" * 60 + '    """\n'),
    (shape.synonym, "class TaskRunner:\n    def release(self): ...\n"),
    (shape.hidden_import, "import os\ndef f(): ...\n"),
    (shape.untold, DOC + "def f(): ...\n"),
    (shape.untold, DOC + f"def _f():\n{STATEMENTS}\n"),
    (shape.untold, DOC + f"class Word(StrEnum):\n{STATEMENTS}\n"),
    (shape.untold, DOC + f"class C:\n  {DOC}  async def SubmitTask(self):\n{STATEMENTS}\n"),
    (conduct.built_sql, 'name = f"task_history_p{day}"\nsql.SQL("DROP TABLE {}").format(name)\n'),
    (conduct.built_sql, 'message = f"Could not update {name}"\nsum = first + second\n'),
    (conduct.ownerless_task, "self._task = asyncio.create_task(f())\n"),
    (
        conduct.ownerless_task,
        "async def f():\n  async with asyncio.TaskGroup() as group:\n    group.create_task(g())\n",
    ),
    (conduct.wall_clock, "import time\nnow = time.monotonic()\n"),
    (conduct.setting_read, 'import os\nenv = {**os.environ, "A": "b"}\npath = os.environ.get("PATH", "")\n'),
    (conduct.swallowed_error, "with suppress(ProcessLookupError):\n    f()\n"),
]


def label(sample):
    return sample.__name__ if callable(sample) else ""


@pytest.mark.parametrize(("rule", "text"), BAD, ids=label)
def test_a_rule_finds_its_bad_sample(rule, text):
    (finding, *_) = rule(Source.parse(text))
    assert finding.startswith("cluster/core/sample.py:")


@pytest.mark.parametrize(("rule", "text"), GOOD, ids=label)
def test_a_rule_lets_its_good_sample_pass(rule, text):
    assert list(rule(Source.parse(text))) == []


@pytest.mark.parametrize("path", ["cluster/utils.py", "cluster/base/task.py", "cluster/core/_helpers.py"])
def test_a_name_that_fits_anything_is_found(path):
    assert list(shape.empty_name(Source.parse("", path)))
    assert not list(shape.empty_name(Source.parse("", "cluster/core/task.py")))


def test_an_empty_package_is_found():
    assert list(shape.untold(Source.parse("", "cluster/core/__init__.py")))


def test_every_rule_has_a_bad_sample():
    assert {rule for rule, _ in BAD} | {shape.empty_name} == {*shape.ALL, *conduct.ALL}
