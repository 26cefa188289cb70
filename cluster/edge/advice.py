"""What is wrong with a request, in the words of those who send it: the field first, then what it takes.

msgspec says what is wrong; what would be right is in the types that it checks by.
"""

import re
from collections.abc import Sequence

import msgspec.inspect
from msgspec import Struct

from cluster.edge.payloads import PATTERNS

_STEP = re.compile(r"\.(?P<field>\w+)|\[(?:\d+|\.\.\.)\]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")


def advice(message: str, kind: type[Struct], others: Sequence[type[Struct]] = ()) -> str:
    """`message`: of msgspec, about a `kind`. `others`: what could have been sent in its place."""
    what, _, where = message.partition(" - at `$")
    place = where.rstrip("`").lstrip(".")
    wanted = _inside(msgspec.inspect.type_info(kind), where)
    text = _advice(what, wanted, () if place else (kind, *others))
    return f"{place}: {text}" if place else text


def broken(error: Exception, body: bytes) -> str:
    """Why a body is not JSON. msgspec takes half a surrogate pair for the end of its input, or says nothing better."""
    text = str(error)
    if _SURROGATE.search(body) and ("truncated" in text or "surrogate" in text):
        return "it holds half a surrogate pair, like \\ud800 alone"
    return "it ends too early" if "truncated" in text else text


def _advice(what: str, wanted: msgspec.inspect.Type, kinds: Sequence[type[Struct]]) -> str:
    match wanted:
        case msgspec.inspect.StructType() if match := _UNKNOWN.match(what):
            return _unknown(match["name"], wanted, kinds)
        case msgspec.inspect.StructType() if len(kinds) > 1 and what.startswith("Object missing"):
            return f"give {' or '.join(kind.__struct_fields__[0] for kind in kinds)}"
        case msgspec.inspect.LiteralType(values=values) if what.startswith("Invalid enum value"):
            return f"must be one of {', '.join(map(str, values))}"
        case msgspec.inspect.StrType(pattern=str(pattern)) if "matching regex" in what:
            return PATTERNS[pattern]
    return what


def _unknown(name: str, wanted: msgspec.inspect.StructType, kinds: Sequence[type[Struct]]) -> str:
    if any(name in kind.__struct_fields__ for kind in kinds[1:]):
        return f"give {kinds[0].__struct_fields__[0]} or {name}, not both"
    known = ", ".join(field.encode_name for field in wanted.fields) or "none"
    return f"unknown field `{name[:100]}`; known here: {known}"


def _inside(wanted: msgspec.inspect.Type, where: str) -> msgspec.inspect.Type:
    """The type of the place that `where` leads to, or of the last one on the way that is known."""
    for step in _STEP.finditer(where):
        match _bare(wanted):
            case msgspec.inspect.StructType(fields=fields):
                wanted = next((field.type for field in fields if field.encode_name == step["field"]), wanted)
            case msgspec.inspect.ListType(item_type=item):
                wanted = item
    return _bare(wanted)


def _bare(wanted: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """Without its description, and without null and absence beside it."""
    match wanted:
        case msgspec.inspect.Metadata(type=inner):
            return _bare(inner)
        case msgspec.inspect.UnionType(types=types):
            return _bare(types[0])
    return wanted
