"""The import contracts of pyproject.toml hold, and each of them can be broken."""

import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LINT_IMPORTS = Path(sysconfig.get_path("scripts")) / "lint-imports"
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in CONFIG["contracts"]}


def lint_imports(folder):
    """Check the package `cluster` in this folder against our contracts."""
    command = [LINT_IMPORTS, "--no-cache", "--config", ROOT / "pyproject.toml"]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )


def layer_modules():
    layers = [layer for contract in CONTRACTS.values() for layer in contract.get("layers", ())]
    return [module.strip() for layer in layers for module in layer.split("|")]


def breaking_import(contract):
    """Who imports whom, so that this contract is broken."""
    if contract["type"] == "layers":
        return layer_modules()[-1], layer_modules()[0]
    return contract["source_modules"][0], contract["forbidden_modules"][-1]


def test_the_contracts_hold():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_can_be_broken(name, tmp_path):
    importer, imported = breaking_import(CONTRACTS[name])
    for module in {"cluster", importer, *layer_modules()}:
        folder = tmp_path.joinpath(*module.split("."))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text(f"import {imported}\n" if module == importer else "")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{name} BROKEN" in result.stdout
