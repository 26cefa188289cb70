"""What the checkers find in a story."""

from tests.chaos.checks.every import CHECKS
from tests.chaos.checks.limits import Limits
from tests.chaos.history import History
from tests.chaos.story import Story
from tests.chaos.tables import Tables

LIMITS = Limits()


def rules(story: Story, tables: Tables | None = None, *, history: History | None = None) -> set[tuple[str, str]]:
    """Which checker found which rule broken."""
    return {
        (name, violation.rule)
        for name, check in CHECKS.items()
        for violation in check(history or story.history, tables or story.tables, LIMITS)
        if violation.rule != "nothing to check"
    }
