"""The browser of this machine: none is downloaded, for the one that people have is the one that counts."""

import os
import shutil
from typing import NoReturn

import pytest
from playwright.async_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    # What a page may ask of itself: how much memory it really uses, and a collection before it looks.
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
    # /dev/shm of a container is 64 MB.
    "--disable-dev-shm-usage",
]


def program() -> str:
    """What CHROMIUM names, or the first of the usual names on PATH. Without one the test is skipped; on CI it fails."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        _give_up(f"there is no {named or 'browser'}: `apt install chromium`, or set CHROMIUM to another one's program")
    return found


async def launch(playwright: Playwright) -> Browser:
    # Chromium refuses to sandbox itself as root.
    sandbox = os.geteuid() != 0
    return await playwright.chromium.launch(executable_path=program(), args=ARGUMENTS, chromium_sandbox=sandbox)


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
