"""json_dec on any bytes: what Python's own reader takes, and what it gives comes back after json_enc."""

import json

from edgescript.faults import ScriptFault
from edgescript.meter import Meter
from edgescript.types import Table, type_name, value_text
from stdlib.pure.jsons import json_dec, json_enc

PAST_LIMIT = object()


def run(data: bytes) -> None:
    value = _bounded(json_dec, data.decode("latin-1"))
    if value is PAST_LIMIT or (value is False and not _is_json(data)):
        return
    assert _is_json(data), "decoded, and no JSON"
    text = _bounded(json_enc, value)
    if text is not PAST_LIMIT:
        assert _same(value, _bounded(json_dec, text)), value


def _bounded(function, argument):
    """What the function gives; `PAST_LIMIT` where a limit of the run ended it."""
    try:
        return function(Meter(), argument)
    except ScriptFault as fault:
        if not fault.limit:
            raise
        return PAST_LIMIT


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _same(left, right) -> bool:
    if isinstance(left, Table) and isinstance(right, Table):
        if not len(left) and not len(right):
            return True
        if len(left) != len(right):
            return False
        pairs = zip(left.items(), right.items(), strict=True)
        return all(key == other and _same(value, fellow) for (key, value), (other, fellow) in pairs)
    # Numbers are printed with 14 digits.
    return type_name(left) == type_name(right) and value_text(left) == value_text(right)
