"""
When two values of a request's field mean the same to the response that varies on it (RFC 9111 §4.1). Pure.

Lines are combined; white space around the elements of a list, and empty elements, mean nothing (RFC 9110 §5.6.1). A
field that this node knows to be no list is only stripped. One that it does not know is read as a list, which all
fields that may have several lines are (§5.3). Of Accept-Language and Accept-Encoding case means nothing either, nor
does the order of what is wanted equally (§12.4.2): it is put in order of weight, then of name.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from runtime.http.fields import FIELD_FACTS, list_items

_MAX_REMEMBERED_BYTES: Final = 512
_WEIGHT: Final = re.compile(rb"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)").fullmatch


def normalised(name: bytes, value: bytes) -> bytes:
    """The combined `value` of the field `name` (lower case) in the form that is compared."""
    form = _FORMS.get(name)
    if form is None:
        fact = FIELD_FACTS.get(name)
        form = _stripped if fact is not None and not fact.is_list else _listed
    return form(value)


def _stripped(value: bytes) -> bytes:
    return value.strip(b" \t")


def _listed(value: bytes) -> bytes:
    return b", ".join(list_items(value)) if b"," in value else value.strip(b" \t")


def _weighed(value: bytes) -> bytes:
    return _ordered(value) if len(value) <= _MAX_REMEMBERED_BYTES else _listed(value)


@lru_cache(maxsize=1024)
def _ordered(value: bytes) -> bytes:
    """Elements by weight, heaviest first; the value as a list where it is not of the grammar."""
    found: list[tuple[float, bytes]] = []
    for item in list_items(value.lower()):
        name, mark, weight = item.partition(b";")
        weight = weight.strip(b" \t")
        if not mark:
            found.append((-1.0, name))
            continue
        if not weight.startswith(b"q=") or _WEIGHT(weight[2:]) is None:
            return _listed(value)
        found.append((-float(weight[2:]), name.rstrip(b" \t")))
    return b", ".join(b"%b;q=%g" % (name, -weight) for weight, name in sorted(set(found)))


_FORMS: Final[dict[bytes, Callable[[bytes], bytes]]] = {
    b"accept-language": _weighed,
    b"accept-encoding": _weighed,
}
