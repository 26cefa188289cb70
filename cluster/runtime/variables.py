"""Reading environment variables: each method returns a value, or raises SettingsError naming the variable.

An empty variable counts as unset, as in docker-compose files and `VAR= command`.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cluster.core.errors import SettingsError

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a role listens or is dialled."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Variables:
    """The environment of a process."""

    env: Mapping[str, str]

    def text(self, name: str, default: str, most: int = 1000) -> str:
        value = self.env.get(name, "").strip() or default
        if len(value) > most or not value.isprintable():
            raise SettingsError(f"{name} must be 1 to {most} printable characters")
        return value

    def secret(self, name: str) -> str:
        """The variable, or what the file at `<name>_FILE` holds before its last line end; "" if there is neither."""
        # Not stripped: blanks at the ends may belong to a password.
        if value := self.env.get(name):
            return value
        file = self.env.get(f"{name}_FILE")
        try:
            return Path(file).read_text(encoding="utf-8").removesuffix("\n") if file else ""
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE={file!r} cannot be read: {error}") from error

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        return self._number(name, default, (least, most), int, "a whole number")

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        return self._number(name, default, (least, most), float, "a number")

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise SettingsError(f"{name}={value!r} must be one of: {', '.join(choices)}")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """A list separated by commas."""
        return tuple(part.strip() for part in self.env.get(name, "").split(",") if part.strip())

    def hosts(self, name: str) -> tuple[str, ...]:
        """Host names in small letters, without ports, separated by commas; or * alone."""
        hosts = tuple(host.lower().rstrip(".") for host in self.names(name))
        if hosts == ("*",):
            return hosts
        for host in hosts:
            if "*" in host or not host.isprintable() or not is_host(host):
                raise SettingsError(
                    f"{name} must be host names without ports, separated by commas, or *; {host!r} is not"
                )
        return hosts

    def folder(self, name: str, default: Path) -> Path:
        try:
            return Path(self.env.get(name) or default).expanduser().absolute()
        except RuntimeError as error:  # ~somebody who does not exist
            raise SettingsError(f"{name} must be a folder: {error}") from error

    def host(self, name: str, default: str) -> str:
        value = self.text(name, default, 255)
        if not is_host(value):
            raise SettingsError(f"{name}={value!r} must be a host name or an address, without a port")
        return value

    def listen(self, name: str, default: str, any_host: str) -> Address:
        """`:port` or `host:port`; without a host it is `any_host`."""
        value = self.text(name, default)
        host, colon, digits = value.rpartition(":")
        if not colon:
            host, digits = "", value
        port = _port(digits)
        if port is None:
            raise SettingsError(f"{name}={value!r} must be :port or host:port with a port from 0 to 65535")
        host = host.strip("[]")
        if host and not is_host(host):
            raise SettingsError(f"{name}={value!r} must be :port or host:port; {host!r} is no host name or address")
        return Address(host or any_host, port)

    def addresses(self, name: str, default: str) -> tuple[str, ...]:
        """One `host:port` or several, separated by commas."""
        addresses = self.names(name) if self.env.get(name) else (default,)
        for address in addresses or ("",):
            host, _, port = address.rpartition(":")
            if not host or not _port(port) or not address.isprintable():
                raise SettingsError(f"{name} must be host:port, or several separated by commas; {address!r} is not")
        return addresses

    def _number(
        self, name: str, default: Number, bounds: tuple[Number, Number], parse: Callable[[str], Number], kind: str
    ) -> Number:
        text = self.env.get(name, "").strip()
        if not text:
            return default
        try:
            value = parse(text)
        except ValueError:
            value = bounds[1] + 1
        # Not `value < least or value > most`: nothing is true of NaN.
        if not bounds[0] <= value <= bounds[1]:
            raise SettingsError(f"{name}={text!r} must be {kind} from {bounds[0]} to {bounds[1]}")
        return value


def is_host(text: str) -> bool:
    """Whether this can be looked up: a name, or an address without brackets."""
    if ":" in text:
        return _is_ipv6(text)
    try:
        # What the resolver does with a name first; it fails on "a..b" with an error that is no OSError.
        text.encode("idna")
    except UnicodeError:
        return False
    return bool(text) and " " not in text and "/" not in text


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _port(text: str) -> int | None:
    """0 to 65535, or None. Length first: int() itself refuses thousands of digits."""
    return int(text) if text.isdecimal() and len(text) <= 5 and int(text) <= 65535 else None
