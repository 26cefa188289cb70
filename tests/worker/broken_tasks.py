"""A module that breaks a rule when it is imported."""

from cluster import task


@task("twice")
async def first() -> None: ...


@task("twice")
async def second() -> None: ...
