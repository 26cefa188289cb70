"""A rule that cannot fail checks nothing: each finds its bad sample and passes its good one."""

import pytest

from tests.architecture import rules
from tests.architecture.source import Source

STATEMENTS = "\n".join(f"    x = {number}" for number in range(45))
DOC = '"""Told."""\n'

BAD = [
    (rules.long_file, "x = 1\n" * 321),
    (rules.long_function, f"def f():\n{STATEMENTS}\n"),
    (rules.long_function, f"class C:\n  async def f(self):\n{STATEMENTS}\n"),
    (rules.synonym, "def requeue(task): ...\n"),
    (rules.synonym, "class JobRunner: ...\n"),
    (rules.hidden_import, "def f():\n    import os\n"),
    (rules.hidden_import, "class C:\n    def f(self):\n        from os import path\n"),
    (rules.hidden_import, "from typing import TYPE_CHECKING\n"),
    (rules.hidden_import, "import typing\nif typing.TYPE_CHECKING:\n    import os\n"),
    (rules.untold, "x = 1\n"),
    (rules.untold, DOC + f"def f():\n{STATEMENTS}\n"),
    (rules.untold, DOC + f"class C:\n{STATEMENTS}\n"),
    (rules.untold, DOC + f"class C:\n  {DOC}  def f(self):\n{STATEMENTS}\n"),
    (rules.built_sql, 'query = f"SELECT id FROM {table}"\n'),
    (rules.built_sql, 'query = "DELETE FROM tasks WHERE id = %s" % key\n'),
    (rules.built_sql, 'query = "UPDATE tasks SET state = {}".format(state)\n'),
    (rules.built_sql, 'query = base + " ALTER TABLE " + name\n'),
    (rules.built_sql, 'async def f(conn):\n    await conn.execute(f"{verb} {table}")\n'),
    (rules.ownerless_task, "import asyncio\nasyncio.create_task(f())\n"),
    (rules.ownerless_task, "_ = asyncio.create_task(f())\n"),
    (rules.ownerless_task, "loop.create_task(f())\n"),
    (rules.ownerless_task, "asyncio.ensure_future(f())\n"),
]

GOOD = [
    (rules.long_file, "x = 1\n" * 320),
    (rules.long_function, 'def f():\n    """' + "told\n" * 60 + '    """\n'),
    (rules.synonym, "class TaskRunner:\n    def release(self): ...\n"),
    (rules.hidden_import, "import os\ndef f(): ...\n"),
    (rules.untold, DOC + "def f(): ...\n"),
    (rules.untold, DOC + f"def _f():\n{STATEMENTS}\n"),
    (rules.untold, DOC + f"class Word(StrEnum):\n{STATEMENTS}\n"),
    (rules.untold, DOC + f"class C:\n  {DOC}  async def SubmitTask(self):\n{STATEMENTS}\n"),
    (rules.built_sql, 'name = f"task_history_p{day}"\nsql.SQL("DROP TABLE {}").format(name)\n'),
    (rules.built_sql, 'message = f"Could not update {name}"\nsum = first + second\n'),
    (rules.ownerless_task, "self._task = asyncio.create_task(f())\n"),
    (rules.ownerless_task, "async def f():\n  async with asyncio.TaskGroup() as group:\n    group.create_task(g())\n"),
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
    assert list(rules.empty_name(Source.parse("", path)))
    assert not list(rules.empty_name(Source.parse("", "cluster/core/task.py")))


def test_an_empty_package_is_found():
    assert list(rules.untold(Source.parse("", "cluster/core/__init__.py")))


def test_every_rule_has_a_bad_sample():
    assert {rule for rule, _ in BAD} | {rules.empty_name} == set(rules.ALL)
