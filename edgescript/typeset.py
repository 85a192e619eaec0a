"""
Sets of value types, as bits: what the translator knows of a value before the script runs.

true and false are told apart, because only false and undef fail a condition (reference section 3.2).
"""

from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import or_
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from edgescript.builtins import Kind
from edgescript.types import Function, Table, Value

NOTHING: Final = 0
STRING: Final = 1
INT: Final = 2
FLOAT: Final = 4
TRUE: Final = 8
FALSE: Final = 16
TABLE: Final = 32
FUNCTION: Final = 64
UNDEF: Final = 128

NUMBER: Final = INT | FLOAT
BOOLEAN: Final = TRUE | FALSE
FALSY: Final = FALSE | UNDEF
ANY: Final = 255
SIZED: Final = STRING | TABLE
"""Types whose length a `Cost.per` charges."""

CLASSES: Final[tuple[tuple[int, type], ...]] = (
    (STRING, str),
    (INT, int),
    (FLOAT, float),
    (BOOLEAN, bool),
    (TABLE, Table),
    (FUNCTION, Function),
)
"""Python's class for each part of a set; undef is tested by identity."""

ACCEPTED: Final[dict[Kind, int]] = {
    Kind.STRING: STRING,
    Kind.NUMBER: NUMBER,
    Kind.INTEGER: INT,
    Kind.BOOLEAN: BOOLEAN,
    Kind.DICTIONARY: TABLE,
    Kind.FUNCTION: FUNCTION,
    Kind.TEXT: STRING | NUMBER,
    Kind.PATTERN: STRING,
    Kind.REGEX_OPTIONS: STRING,
    Kind.MATCHER: STRING,
    Kind.ANY: ANY,
}
"""What a body may receive for a parameter of the kind. INTEGER cuts floats, so bodies see none."""

_ANNOTATIONS: Final[dict[Any, int]] = {
    str: STRING,
    int: INT,
    float: NUMBER,  # PEP 484: int where float is declared
    bool: BOOLEAN,
    Table: TABLE,
    Function: FUNCTION,
    None: UNDEF,
    type(None): UNDEF,
}


def of_value(value: Value) -> int:
    """The set that holds just the type of `value`."""
    if value is None:
        return UNDEF
    if type(value) is bool:
        return TRUE if value else FALSE
    return _ANNOTATIONS[type(value)] if type(value) is not float else FLOAT


def of_annotation(annotation: Any) -> int:
    """The set a Python annotation stands for; ANY for one that is not understood."""
    try:
        return _of_hashable(annotation)
    except TypeError:
        return ANY


@lru_cache(maxsize=1024)
def _of_hashable(annotation: Any) -> int:
    if annotation in _ANNOTATIONS:
        return _ANNOTATIONS[annotation]
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _union(map(of_value, members))
    if origin is Union or origin is UnionType:
        return _union(map(of_annotation, members))
    return ANY


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, NOTHING)
