"""What may be asked for, and that a refusal names the field."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.core import limits
from cluster.core.errors import InvalidTask, PayloadTooLarge
from cluster.core.new_task import NewTask

TASK = NewTask(id=uuid4(), command="noop")
NAMES = {
    "command": limits.COMMAND_CHARACTERS,
    "queue": limits.QUEUE_CHARACTERS,
    "unique_key": limits.UNIQUE_KEY_CHARACTERS,
}
NUMBERS = {
    "priority": ("priority", limits.PRIORITY_MIN, limits.PRIORITY_MAX),
    "max_attempts": ("max_attempts", 1, limits.ATTEMPTS_MAX),
    "timeout_ms": ("timeout_seconds", 1, limits.TIMEOUT_SECONDS_MAX * 1000),
    "delay": ("delay_seconds", 0, limits.DELAY_SECONDS_MAX),
}


@pytest.mark.parametrize(("field", "most"), NAMES.items())
def test_a_name_of_one_to_its_limit_is_taken(field, most):
    assert replace(TASK, **{field: "x"})
    assert replace(TASK, **{field: "é" * most})


@pytest.mark.parametrize(("field", "most"), NAMES.items())
@pytest.mark.parametrize("bad", ["", "{long}", "nul\0", "line\nbreak", "\x1b[2J", "\ud800", "\u202e"])
def test_a_name_outside_its_limits_is_refused_by_name(field, most, bad):
    with pytest.raises(InvalidTask, match=f"^{field} must"):
        replace(TASK, **{field: "x" * (most + 1) if bad == "{long}" else bad})


@pytest.mark.parametrize("field", ["command", "queue"])
@pytest.mark.parametrize("name", ["a", "9", "_x", "demo-job", "größe.v2/mail:send@eu+1", "任务"])
def test_a_name_is_letters_digits_and_a_few_signs(field, name):
    assert replace(TASK, **{field: name})


@pytest.mark.parametrize("field", ["command", "queue"])
@pytest.mark.parametrize(
    "name", ["a b", "-rf", "a;b", "a'b", 'a"b', "$(id)", "a\\b", "a%b", "a?b", "a#b", "a\n", "<b>"]
)
def test_a_name_never_needs_quoting(field, name):
    with pytest.raises(InvalidTask, match=f"^{field} must begin with"):
        replace(TASK, **{field: name})


def test_a_unique_key_may_be_any_printable_text():
    assert replace(TASK, unique_key="mail to 'Ann' <ann@example.com>; once")


@given(field=st.sampled_from(sorted(NAMES)), value=st.text(max_size=250))
def test_an_accepted_name_is_printable_and_short_enough(field, value):
    try:
        replace(TASK, **{field: value})
    except InvalidTask as error:
        assert error.detail.startswith(field)
    else:
        assert value.isprintable()
        assert 1 <= len(value) <= NAMES[field]


@pytest.mark.parametrize(("field", "bounds"), NUMBERS.items())
def test_a_number_at_either_end_of_its_range_is_taken(field, bounds):
    _, least, most = bounds
    assert replace(TASK, **{field: least})
    assert replace(TASK, **{field: most})


@pytest.mark.parametrize(("field", "bounds"), NUMBERS.items())
def test_a_number_outside_its_range_is_refused_by_its_public_name(field, bounds):
    public, least, most = bounds
    for bad in (least - 1, most + 1):
        with pytest.raises(InvalidTask, match=f"^{public} must be from"):
            replace(TASK, **{field: bad})


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_delay_that_is_no_number_is_refused(bad):
    with pytest.raises(InvalidTask, match="delay_seconds"):
        replace(TASK, delay=bad)


def test_a_time_without_an_offset_is_refused():
    with pytest.raises(InvalidTask, match="scheduled_at"):
        replace(TASK, due=datetime(2030, 1, 1))  # noqa: DTZ001 - naive on purpose
    assert replace(TASK, due=datetime(2030, 1, 1, tzinfo=UTC))


def test_a_payload_is_taken_up_to_its_limit_in_bytes():
    assert replace(TASK, payload=b"x" * limits.PAYLOAD_BYTES)
    with pytest.raises(PayloadTooLarge, match="256 KiB"):
        replace(TASK, payload=b"x" * (limits.PAYLOAD_BYTES + 1))
