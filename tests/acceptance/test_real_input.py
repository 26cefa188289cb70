"""The main job on real input: a task module of the reader's own hashes thousands of files of this machine."""

import hashlib
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path

from tests.acceptance.cluster import RunningCluster

FILES = 3000
"""Small real files: the standard library and what is installed beside it."""


def real_files() -> list[Path]:
    folders = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
    found = (path for folder in folders for path in sorted(folder.rglob("*.py")) if path.is_file())
    return list(dict.fromkeys(found))[:FILES]
