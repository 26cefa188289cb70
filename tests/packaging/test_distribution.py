"""What travels in the wheel and in the sdist, and what does not."""

import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def wheel_names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shipped(folder, suffixes):
    found = (path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)
    return {str(path) for path in found if not {"node_modules", "dist"} & set(path.parts)}


def test_the_wheel_carries_every_module_and_every_file_beside_them(wheel):
    assert not shipped("cluster", {".py", ".pyi", ".typed"}) - wheel_names(wheel)


def test_the_wheel_carries_the_built_dashboard_packed_and_none_of_its_sources(wheel):
    names = {name.removeprefix("cluster/_dashboard/") for name in wheel_names(wheel) if "dashboard" in name}
    assert "index.html" in names
    for suffix in (".js", ".css"):
        (found,) = [name for name in names if name.startswith("assets/index-") and name.endswith(suffix)]
        assert {f"{found}.gz", f"{found}.br"} <= names
    assert not [name for name in names if name.startswith("cluster/edge/") or name.endswith((".ts", ".tsx", ".json"))]


def test_the_wheel_carries_the_sql(wheel):
    assert {f"cluster/_{name}" for name in shipped("sql", {".sql"})} <= wheel_names(wheel)


def test_the_wheel_carries_nothing_else(wheel):
    tops = {name.split("/")[0] for name in wheel_names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cluster"}
    assert not [name for name in wheel_names(wheel) if "__pycache__" in name or "/tests/" in name]


def test_the_wheel_says_its_licence_its_python_and_its_extras(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"embedded", "test"} <= set(metadata.get_all("Provides-Extra"))
    assert name.replace("METADATA", "licenses/LICENSE") in wheel_names(wheel)


def test_the_sdist_carries_what_is_needed_to_change_the_project(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert shipped("cluster/edge/dashboard", {".ts", ".tsx", ".css", ".json", ".svg"}) <= names
    # The wheel of these tests was built of it: with this, no Node and no npm registry were needed.
    assert "cluster/edge/dashboard/dist/.sources" in names
    for folder in ("cluster", "proto", "sql", "tests", "tools"):
        assert shipped(folder, {".py", ".sql", ".proto"}) <= names
    assert {"README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml", "noxfile.py"} <= names
    assert not [
        name for name in names if name.startswith((".git/", ".nox", ".venv", "perf/results")) or "node_modules" in name
    ]
