"""The beginning of every story that the checkers are tested with."""

import pytest

from tests.chaos.story import Story


@pytest.fixture
def story() -> Story:
    """One task that was done, as a beginning, a minute before anything goes wrong."""
    story = Story()
    story.complete(story.start(story.enqueue()))
    story.pass_time(60.0)
    return story
