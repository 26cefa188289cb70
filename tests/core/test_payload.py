"""What a payload may be, and that no bytes whatever make the check fail with anything but a refusal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.core import limits
from cluster.core.errors import InvalidTask, PayloadTooLarge
from cluster.core.payload import checked_payload

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4))


def nested(levels):
    return b'{"a":' * levels + b"1" + b"}" * levels


@given(payload=st.dictionaries(text, values, max_size=5), ascii_only=st.booleans())
def test_an_object_is_taken_byte_for_byte(payload, ascii_only):
    raw = json.dumps(payload, ensure_ascii=ascii_only).encode()
    assert checked_payload(raw) == raw


@given(raw=st.binary(max_size=200) | st.text(alphabet='{}[]":,\\u0d8 1e9-', max_size=40).map(str.encode))
def test_any_bytes_are_an_object_or_refused(raw):
    try:
        checked_payload(raw)
    except InvalidTask as error:
        assert error.detail.startswith("payload")
    else:
        assert isinstance(json.loads(raw), dict)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"1",
        b'"text"',
        b"null",
        b'{"a":1',
        b'{"a":1} {"b":2}',
        b"{a:1}",
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\0"}',
        b'{"a":"\\u0000"}',
        b'{"\\u0000":1}',
        b'{"a":[{"b":["x\\u0000"]}]}',
        b'\xef\xbb\xbf{"a":1}',
    ],
)
def test_what_postgresql_or_a_worker_could_not_read_is_refused(raw):
    with pytest.raises(InvalidTask, match=r"^payload"):
        checked_payload(raw)


def test_a_backslash_before_u0000_is_no_nul():
    assert checked_payload(b'{"a":"\\\\u0000"}')


def test_nesting_is_taken_up_to_its_limit():
    assert checked_payload(nested(limits.PAYLOAD_DEPTH))
    for levels in (limits.PAYLOAD_DEPTH + 1, 40_000):
        with pytest.raises(InvalidTask, match="nested deeper than 100"):
            checked_payload(nested(levels))


def test_many_shallow_objects_are_not_deep():
    assert checked_payload(json.dumps({"a": [{}] * 1000}).encode())


def test_a_payload_above_the_limit_is_too_large():
    with pytest.raises(PayloadTooLarge):
        checked_payload(b'{"a":"' + b"x" * limits.PAYLOAD_BYTES + b'"}')
