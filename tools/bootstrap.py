"""Make .venv and install TaskMaster in it: `python3 tools/bootstrap.py [EXTRA...]`, usually through make.

Only the standard library. This file must be readable by any Python 3, so that one that is too old can say so itself:
no f-strings, nothing newer. A second run finds its stamp and does nothing; it needs no network then.

--suits   exit with 0 if this Python can make the environment
--ready   exit with 0 if the environment is as it should be
"""
# ruff: noqa: UP032

import hashlib
import json
import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - see above
VENV = os.path.join(ROOT, ".venv")  # noqa: PTH118
PYTHON = os.path.join(VENV, "bin", "python")  # noqa: PTH118
STAMP = os.path.join(VENV, "taskmaster.json")  # noqa: PTH118


def main(arguments):
    extras = sorted(name for name in arguments if not name.startswith("--")) or ["embedded"]
    if "--ready" in arguments:
        return 0 if is_ready(extras) else 1
    problem = unsuited()
    if "--suits" in arguments or problem:
        return fail(problem) if problem else 0
    if is_ready(extras):
        return 0
    return set_up(extras)


def unsuited():
    """What keeps this Python from making the environment, or None."""
    found = "{} is Python {}.{}.{}".format(sys.executable, *sys.version_info[:3])
    if sys.version_info < NEEDED:
        return "Python {}.{} or newer is needed, and {}: install one, or name it: make PYTHON=/path/to/python".format(
            NEEDED[0], NEEDED[1], found
        )
    try:
        __import__("ensurepip")
        __import__("venv")
    except ImportError:
        return (
            "{} without venv: install it (Debian and Ubuntu: apt install python{}.{}-venv), "
            "or name another Python: make PYTHON=/path/to/python".format(found, *sys.version_info[:2])
        )
    return None


def set_up(extras):
    """Make what is missing of the environment. Extras that were installed before are kept."""
    before = read_stamp()
    if before.get("root") != ROOT or not works():
        # Programs in an environment know where they are: one that was moved, or is half made, is made again.
        say("making .venv with Python {}.{}.{}".format(*sys.version_info[:3]))
        shutil.rmtree(VENV, ignore_errors=True)
        if subprocess.call([sys.executable, "-m", "venv", VENV]) != 0:
            return fail("the environment .venv could not be made, see above")
        before = {}
    extras = sorted(set(extras) | set(before.get("extras", ())))
    say("installing TaskMaster and what it needs ({}); a minute, this once".format(", ".join(extras)))
    pip = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    # The dashboard is built beside its sources afterwards, not into the package: see tools/dashboard.py.
    env = dict(os.environ, TASKMASTER_DASHBOARD="skip")
    if subprocess.call(pip + ["--editable", "{}[{}]".format(ROOT, ",".join(extras))], env=env) != 0:  # noqa: RUF005
        return fail("pip could not install TaskMaster, see above; the first time it needs a package index")
    with open(STAMP, "w") as stamp:  # noqa: PTH123
        json.dump({"root": ROOT, "wanted": digest(), "extras": extras}, stamp)
    return 0


def is_ready(extras):
    stamp = read_stamp()
    return (
        stamp.get("root") == ROOT
        and stamp.get("wanted") == digest()
        and set(extras) <= set(stamp["extras"])
        and os.path.exists(PYTHON)  # noqa: PTH110 - a link to a Python that was removed does not exist
    )


def works():
    return os.path.exists(PYTHON) and subprocess.call([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0  # noqa: PTH110


def read_stamp():
    try:
        with open(STAMP) as stamp:  # noqa: PTH123
            return json.load(stamp)
    except (OSError, ValueError):
        return {}


def digest():
    """Of what decides what is installed."""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as project:  # noqa: PTH118, PTH123
        return hashlib.sha256(project.read()).hexdigest()


def say(line):
    sys.stderr.write("taskmaster set-up: {}\n".format(line))
    sys.stderr.flush()


def fail(problem):
    say(problem)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
