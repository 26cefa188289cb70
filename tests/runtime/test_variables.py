"""Reading environment variables: the value, or a message that names the variable."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.core.errors import SettingsError
from cluster.runtime.variables import Address, Variables


def read(value: str) -> Variables:
    return Variables({"X": value})


@pytest.mark.parametrize("value", ["", "   "])
def test_an_empty_variable_counts_as_unset(value: str) -> None:
    assert read(value).integer("X", 7, least=1, most=9) == 7
    assert read(value).text("X", "default") == "default"
    assert read(value).names("X") == ()


@given(st.text(max_size=20).filter(lambda text: text.strip()))
def test_whatever_is_written_is_a_number_in_bounds_or_an_error_with_the_name(value: str) -> None:
    for take in (read(value).integer, read(value).number):
        try:
            assert 1 <= take("X", 1, least=1, most=9) <= 9
        except SettingsError as error:
            assert error.detail.startswith("X=")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "0x10", "9" * 5000])
def test_what_python_takes_for_a_number_must_still_be_in_bounds(value: str) -> None:
    with pytest.raises(SettingsError, match=r"must be a number from 0\.0 to 10\.0"):
        read(value).number("X", 1.0, least=0.0, most=10.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (":8081", Address("default", 8081)),
        ("8081", Address("default", 8081)),
        ("0.0.0.0:8081", Address("0.0.0.0", 8081)),
        ("[::1]:8081", Address("::1", 8081)),
        ("example.com:0", Address("example.com", 0)),
    ],
)
def test_where_to_listen(value: str, expected: Address) -> None:
    assert read(value).listen("X", ":1", "default") == expected


@pytest.mark.parametrize("value", ["http://x", ":", ":65536", ":-1", ":8081x", "a:b", ":" + "9" * 900])
def test_where_nobody_can_listen_is_an_error(value: str) -> None:
    with pytest.raises(SettingsError, match=r"X=.*:port or host:port"):
        read(value).listen("X", ":1", "default")


@pytest.mark.parametrize("host", ["a..b", ".a", "a" * 64, "a b", "a/b", "1:2", "::x", "\u3002\u3002"])
def test_a_host_that_nobody_can_look_up_is_an_error_where_it_is_read(host: str) -> None:
    with pytest.raises(SettingsError, match=r"X=.*is no host name or address"):
        read(f"{host}:8081").listen("X", ":1", "default")
    with pytest.raises(SettingsError, match=r"X=.*must be a host name or an address"):
        read(host).host("X", "b")


@pytest.mark.parametrize("value", ["nowhere", ":8080", "a:0", "a:b", ",", "a:1,,b", "a:1,b", "\udcff:1"])
def test_an_address_to_dial_needs_a_host_and_a_port(value: str) -> None:
    with pytest.raises(SettingsError, match="X must be host:port"):
        read(value).addresses("X", "127.0.0.1:8080")


def test_several_addresses_are_separated_by_commas() -> None:
    assert read(" a:1 , [::1]:2").addresses("X", "b:3") == ("a:1", "[::1]:2")
    assert Variables({}).addresses("X", "b:3") == ("b:3",)


@pytest.mark.parametrize("value", ["a b", "a:80", "http://a", "a\x07"])
def test_a_host_is_a_host_alone(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^X"):
        read(value).host("X", "b")


@pytest.mark.parametrize("value", ["example.com", "192.0.2.1", "::1", "fe80::1"])
def test_names_and_addresses_are_hosts(value: str) -> None:
    assert read(value).host("X", "b") == value


def test_a_folder_of_somebody_who_does_not_exist_is_an_error() -> None:
    with pytest.raises(SettingsError, match="X must be a folder"):
        read("~no-such-user-here/data").folder("X", Path("/"))


def test_a_folder_is_absolute() -> None:
    assert read("data").folder("X", Path("/")) == Path.cwd() / "data"


def test_an_address_is_written_as_it_is_dialled() -> None:
    assert str(Address("127.0.0.1", 80)) == "127.0.0.1:80"
    assert str(Address("::1", 80)) == "[::1]:80"
