"""The package keeps the house rules."""

import pytest

from tests.architecture import conduct, shape
from tests.architecture.source import package


@pytest.mark.parametrize("rule", shape.ALL + conduct.ALL, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule):
    broken = [finding for source in package() for finding in rule(source)]
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


def test_the_rules_read_the_package():
    assert len(package()) > 50
