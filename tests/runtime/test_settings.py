"""Settings: the defaults of the contract, and wrong values that name their variable."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

from cluster.core.dispatch import DispatchPolicy
from cluster.core.errors import SettingsError
from cluster.runtime import settings as module
from cluster.runtime.settings import Settings
from cluster.runtime.variables import Address


@pytest.fixture(autouse=True)
def _outside_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "in_container", lambda: False)


def settings(**env: str) -> Settings:
    return Settings.from_env({"TASKMASTER_HOME": "/home/of/tests", **env})


def test_the_defaults_are_those_of_the_contract() -> None:
    defaults = settings()

    assert defaults.embedded
    assert defaults.scheduler == Address("127.0.0.1", 8081)
    assert defaults.coordinator == Address("127.0.0.1", 8080)
    assert defaults.coordinators == ("127.0.0.1:8080",)
    assert (defaults.worker_host, defaults.worker_port) == ("127.0.0.1", 0)
    assert (defaults.worker_pool_size, defaults.workers, defaults.task_modules) == (5, 3, ())
    assert defaults.task_process_time == 5.0
    assert (defaults.heartbeat_interval, defaults.heartbeat_misses, defaults.session_ttl) == (5.0, 3, 15.0)
    assert defaults.dispatch_policy is DispatchPolicy.ROUND_ROBIN
    assert (defaults.drain_timeout, defaults.db_pool_size, defaults.log_buffer) == (30.0, 10, 250)
    assert defaults.url == "http://127.0.0.1:8081"


WRONG = {
    "TASKMASTER_HOME": ["~no-such-user-here"],
    "DATABASE_URL": ["mysql://db/x", "db"],
    "SCHEDULER_PORT": ["http", ":99999", "host:"],
    "COORDINATOR_PORT": ["http", ":99999", "host:"],
    "COORDINATOR_ADDRESS": ["nowhere", ":8080", "a:0", ","],
    "WORKER_ADDRESS": ["a b", "host:80"],
    "WORKER_PORT": ["-1", "65536", "any"],
    "WORKER_NAME": ["x" * 101, "a\nb"],
    "WORKER_POOL_SIZE": ["0", "1001", "5.5", "five"],
    "WORKERS": ["0", "51", "many", "3.0"],
    "TASK_PROCESS_TIME": ["-1", "soon", "nan", "1e9"],
    "HEARTBEAT_INTERVAL": ["0", "nan", "-5", "often"],
    "HEARTBEAT_MISSES": ["0", "101", "x"],
    "DISPATCH_POLICY": ["random", "ROUND_ROBIN"],
    "DRAIN_TIMEOUT": ["-1", "inf", "x"],
    "DB_POOL_SIZE": ["3", "501", "x"],
    "LOG_BUFFER": ["0", "x"],
    "LOG_FORMAT": ["xml", "Console"],
    "EDGE_NAMES": ["a:80", "http://a", "a..b", "*.example", "a,*", "a b", "\udcff"],
    "HISTORY_DAYS": ["0", "x"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(**{name: value})

    assert caught.value.detail.startswith(name)


def test_the_names_of_an_edge_are_host_names_or_any() -> None:
    assert settings().edge_names == ()
    assert settings(EDGE_NAMES=" Edge.Example., localhost ,::1").edge_names == ("edge.example", "localhost", "::1")
    assert settings(EDGE_NAMES="*").edge_names == ("*",)


def test_a_wrong_port_of_a_database_names_its_variable() -> None:
    with pytest.raises(SettingsError, match=r"^POSTGRES_PORT"):
        settings(POSTGRES_HOST="db", POSTGRES_PORT="none")


def test_a_bare_port_is_loopback_outside_containers_and_everywhere_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(SCHEDULER_PORT=":9000").scheduler == Address("127.0.0.1", 9000)

    monkeypatch.setattr(module, "in_container", lambda: True)

    assert settings(SCHEDULER_PORT=":9000").scheduler == Address("0.0.0.0", 9000)
    assert settings(SCHEDULER_PORT="127.0.0.1:9000").scheduler == Address("127.0.0.1", 9000)
    assert settings(SCHEDULER_PORT=":9000").url == "http://127.0.0.1:9000"


def test_a_coordinator_that_moved_is_dialled_where_it_is() -> None:
    assert settings(COORDINATOR_PORT=":9090").coordinators == ("127.0.0.1:9090",)
    assert settings(COORDINATOR_PORT=":9090", COORDINATOR_ADDRESS="c:1,d:2").coordinators == ("c:1", "d:2")


def test_the_embedded_database_is_a_socket_in_the_home() -> None:
    parts = conninfo_to_dict(settings().database_url)

    assert parts == {"user": "postgres", "dbname": "scheduler", "host": "/home/of/tests/run"}


def test_a_url_is_taken_as_it_is() -> None:
    url = "postgresql://me:secret@db:5433/tasks?sslmode=require"

    assert (settings(DATABASE_URL=url).database_url, settings(DATABASE_URL=url).embedded) == (url, False)
    assert not settings(DATABASE_URL="host=db dbname=tasks").embedded


@pytest.mark.parametrize("host", ["db.example.com", "::1", "/var/run/postgresql"])
@pytest.mark.parametrize("password", ["", "p@ss:w/rd? %"])
def test_the_parts_of_a_database_arrive_unchanged(host: str, password: str) -> None:
    parts = {"POSTGRES_HOST": host, "POSTGRES_USER": "a b", "POSTGRES_PASSWORD": password, "POSTGRES_DB": "x/y"}
    found = conninfo_to_dict(settings(**parts).database_url)

    assert (found["host"], found["port"], found["user"], found["dbname"]) == (host, "5432", "a b", "x/y")
    assert found.get("password", "") == password


def test_a_password_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(" p@ss:w/rd? %\n")

    found = conninfo_to_dict(settings(POSTGRES_HOST="db", POSTGRES_PASSWORD_FILE=str(file)).database_url)

    assert found["password"] == " p@ss:w/rd? %"


def test_a_password_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="POSTGRES_PASSWORD_FILE"):
        settings(POSTGRES_HOST="db", POSTGRES_PASSWORD_FILE=str(tmp_path / "nowhere"))


def test_no_message_shows_a_password() -> None:
    with pytest.raises(SettingsError) as caught:
        settings(DATABASE_URL="mysql://me:secret@db/x")

    assert "secret" not in caught.value.detail


def test_lists_are_separated_by_commas() -> None:
    assert settings(TASKMASTER_TASKS=" a, b.c ,").task_modules == ("a", "b.c")
    assert settings(SHELL_COMMANDS="ls,cat").shell_commands == ("ls", "cat")


def test_the_home_is_absolute_whatever_was_written() -> None:
    assert settings(TASKMASTER_HOME="here").home == Path.cwd() / "here"


def test_the_url_of_an_ipv6_address_has_brackets() -> None:
    assert urlsplit(settings(SCHEDULER_PORT="[::1]:9000").url).hostname == "::1"


def test_a_worker_of_coordinators_elsewhere_announces_the_name_of_its_host() -> None:
    near = Settings.from_env({"COORDINATOR_ADDRESS": "127.0.0.1:8080,localhost:8090"})
    far = Settings.from_env({"COORDINATOR_ADDRESS": "127.0.0.1:8080,coordinator:8080"})
    assert (near.worker_host, far.worker_host) == ("127.0.0.1", socket.gethostname())
