"""Hypothesis without a deadline: a busy machine is no counter-example. On CI it looks at the same examples each time."""

import os

from hypothesis import settings

settings.register_profile("taskmaster", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("taskmaster")
