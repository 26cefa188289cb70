"""The set-up behind `make up` and `make test`: no network here, so pip and venv are stood in for by scripts."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

FAKE_VENV = """
import os, sys

PROGRAM = '''#!/bin/sh
echo "$@" >> "{folder}/calls"
case "$*" in
  *-qq*) exit ${{PIP_CODE:-0}} ;;
  *cluster.cli*) echo "runs: $*"; exit 7 ;;
  *bootstrap.py*) exec "{python}" "$@" ;;
esac
'''

if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder + "/bin")
    with open(folder + "/bin/python", "w") as program:
        program.write(PROGRAM.format(folder=folder, python=sys.executable))
    os.chmod(folder + "/bin/python", 0o755)
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of what `make` needs, and a Python on PATH whose venv module is a stand-in."""

    root: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        lent = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        modules = {"PYTHONPATH": str(self.root / "modules"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            command, cwd=self.root, env={**lent, **modules, **env}, capture_output=True, text=True, check=False
        )

    def bootstrap(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "tools/bootstrap.py", *arguments, **env)

    def installs(self) -> list[str]:
        """What pip was told to install, each time since .venv was made."""
        calls = (self.venv / "calls").read_text().splitlines()
        return [call.rpartition(" ")[2] for call in calls if "-qq" in call]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """In a folder with a blank in its name."""
    root = tmp_path / "my checkout"
    (root / "tools").mkdir(parents=True)
    (root / "modules").mkdir()
    (root / "modules" / "venv.py").write_text(FAKE_VENV)
    for name in ("Makefile", "pyproject.toml", "tools/bootstrap.py"):
        shutil.copy(CHECKOUT / name, root / name)
    return Checkout(root)


def test_the_first_run_makes_the_environment_and_installs(checkout: Checkout) -> None:
    done = checkout.bootstrap("embedded")

    assert done.returncode == 0, done.stderr
    assert checkout.installs() == [f"{checkout.root}[embedded]".rpartition(" ")[2]]
    assert "making .venv" in done.stderr


def test_the_second_run_does_and_says_nothing(checkout: Checkout) -> None:
    checkout.bootstrap("embedded")

    done = checkout.bootstrap("embedded")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(checkout.installs()) == 1
    assert checkout.bootstrap("--ready", "embedded").returncode == 0


def test_a_changed_project_is_installed_again_into_the_same_environment(checkout: Checkout) -> None:
    checkout.bootstrap("embedded")
    with (checkout.root / "pyproject.toml").open("a") as project:
        project.write("# a change\n")

    assert checkout.bootstrap("--ready", "embedded").returncode == 1
    assert checkout.bootstrap("embedded").returncode == 0
    assert len(checkout.installs()) == 2


def test_more_is_added_to_what_is_there(checkout: Checkout) -> None:
    checkout.bootstrap("embedded")
    checkout.bootstrap("test")

    assert checkout.installs()[-1].endswith("[embedded,test]")
    assert checkout.bootstrap("--ready", "embedded").returncode == 0


def test_an_environment_that_was_moved_is_made_again(checkout: Checkout) -> None:
    checkout.bootstrap("embedded")
    moved = Checkout(checkout.root.with_name("moved"))
    checkout.root.rename(moved.root)

    assert moved.bootstrap("--ready", "embedded").returncode == 1
    assert "making .venv" in moved.bootstrap("embedded").stderr
    assert json.loads((moved.venv / "taskmaster.json").read_text())["root"] == str(moved.root)


def test_an_environment_whose_python_went_away_is_made_again(checkout: Checkout) -> None:
    checkout.bootstrap("embedded")
    (checkout.venv / "bin" / "python").unlink()

    assert "making .venv" in checkout.bootstrap("embedded").stderr


def test_a_failure_of_pip_is_not_taken_for_done(checkout: Checkout) -> None:
    done = checkout.bootstrap("embedded", PIP_CODE="2")

    assert done.returncode == 1
    assert "pip could not install TaskMaster" in done.stderr.splitlines()[-1]
    assert checkout.bootstrap("--ready", "embedded").returncode == 1


def test_a_python_without_venv_is_one_line_that_says_what_to_install(checkout: Checkout) -> None:
    (checkout.root / "modules" / "ensurepip.py").write_text("raise ImportError('not shipped by this distribution')")

    done = checkout.bootstrap("embedded")

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "without venv" in line
    assert "apt install python3" in line


def old_version(checkout: Checkout) -> None:
    """Make the Python of this test believe that it is older than it is."""
    (checkout.root / "modules" / "sitecustomize.py").write_text(
        "import sys\nsys.version_info = (3, 10, 13, 'final', 0)\n"
    )


def test_a_python_that_is_too_old_is_one_line_that_says_what_was_found(checkout: Checkout) -> None:
    old_version(checkout)

    done = checkout.bootstrap("embedded")

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "Python 3.11 or newer is needed" in line
    assert f"{sys.executable} is Python 3.10.13" in line
    assert checkout.bootstrap("--suits").returncode == 1


def test_the_script_can_be_read_by_very_old_pythons() -> None:
    source = (CHECKOUT / "tools" / "bootstrap.py").read_text()

    assert source.isascii()
    assert not [line for line in source.splitlines() if ' f"' in line or '(f"' in line]


# ------------------------------------------------------------------ make


def make(checkout: Checkout, *arguments: str, path: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """`path`: where the only Pythons are, besides what a shell needs."""
    only = {"PATH": f"{path}:{os.defpath}"} if path else {}
    return checkout.run("make", *arguments, **only, **env)


def python_on(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_make_alone_explains_itself(checkout: Checkout) -> None:
    done = make(checkout)

    assert done.returncode == 0
    assert "make up" in done.stdout
    assert "make test" in done.stdout
    assert not checkout.venv.exists()


def test_make_up_sets_up_and_becomes_taskmaster(checkout: Checkout) -> None:
    done = make(checkout, "up", f"PYTHON={sys.executable}")

    assert "runs: -m cluster.cli up" in done.stdout, done.stderr
    assert "[embedded]" in checkout.installs()[0]
    # The exit code of the cluster is not taken for success.
    assert done.returncode == 2


def test_a_python_that_is_only_a_shim_is_passed_over(checkout: Checkout) -> None:
    folder = checkout.root / "bin"
    for name in ("python3.13", "python3.12", "python3.11"):
        python_on(folder, name, "echo 'pyenv: version is not installed' >&2; exit 127")
    python_on(folder, "python3", f'exec "{sys.executable}" "$@"')

    done = make(checkout, "up", path=folder)

    assert "runs: -m cluster.cli up" in done.stdout, done.stderr
    assert "pyenv" not in done.stderr


def test_when_every_python_is_too_old_the_last_one_says_so(checkout: Checkout) -> None:
    old_version(checkout)

    done = make(checkout, "up", f"PYTHON={sys.executable}")

    assert done.returncode != 0
    ours = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(ours) == 1, ours
    assert "is Python 3.10.13" in ours[0]


def test_when_no_python_runs_at_all_make_says_so(checkout: Checkout) -> None:
    folder = checkout.root / "bin"
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        python_on(folder, name, "exit 127")

    done = make(checkout, "test", path=folder)

    assert done.returncode != 0
    ours = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(ours) == 1, ours
    assert "no python3 could be run" in ours[0]
