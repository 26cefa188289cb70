"""Where things live."""

import os
from pathlib import Path

import pytest

from cluster.runtime import paths

UNIX_SOCKET_BYTES = 103
"""What every platform takes."""


@pytest.mark.parametrize("length", [10, 60, 80, 100, 200])
def test_a_socket_fits_into_its_folder_however_long_the_home_is(length: int) -> None:
    folder = paths.socket_folder(Path("/") / ("x" * length))

    assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= UNIX_SOCKET_BYTES


def test_a_short_home_keeps_its_socket() -> None:
    assert paths.socket_folder(Path("/home/me")) == Path("/home/me/run")


def test_two_long_homes_do_not_share_a_socket() -> None:
    assert paths.socket_folder(Path("/" + "x" * 200)) != paths.socket_folder(Path("/" + "y" * 200))


def test_length_is_counted_in_bytes() -> None:
    assert paths.socket_folder(Path("/" + "é" * 45)).parent != Path("/" + "é" * 45)


def test_what_ships_is_found_in_a_checkout() -> None:
    assert (paths.shipped("sql") / "migrations").is_dir()


def test_what_is_built_is_found_where_its_sources_are() -> None:
    assert paths.shipped("anything", "tests/runtime") == Path(__file__).parent


def test_what_does_not_ship_says_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match="install taskmaster-cluster again"):
        paths.shipped("nothing-of-this-name")


def test_the_data_of_root_are_where_postgresql_gets_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert paths.default_home() == Path("/var/lib/taskmaster")

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/me/data")
    assert paths.default_home() == Path("/home/me/data/taskmaster")
