"""
Whether data has the shape that a class declares: every problem at once, each with its path.

msgspec stops at the first problem and knows no near names; so the walk is ours, over the very types msgspec converts by
afterwards. A number is a bound and must be above 0, unless its declaration has a `ge`, and at most 2**53. A text with
a declared format is read by it. An empty text where '' is the default means that nothing is said.
"""

import dataclasses
import types
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from edgescript.diagnostics.spelling import nearest
from runtime.config.formats import Format
from runtime.config.problems import Path, Problem, shown

MAX_NUMBER: Final = 1 << 53
"""No setting needs more, and up to here every number is exact."""


class _Key(NamedTuple):
    kind: Any
    required: bool
    default: Any


@cache
def declared(table: Any) -> dict[str, _Key]:
    """The keys of a declared table; to be read only."""
    if issubclass(table, msgspec.Struct):
        return {
            field.name: _Key(field.type, field.required, field.default)
            for field in msgspec.structs.fields(table)
        }
    return {
        field.name: _Key(field.type, required=False, default=field.default)
        for field in dataclasses.fields(table)
    }


def misfits(value: Any, kind: Any, path: Path = ()) -> Iterator[Problem]:
    """What is wrong with `value`, which is to be of the declared type `kind`."""
    origin = get_origin(kind)
    if origin is Annotated:
        kind, *notes = get_args(kind)
        meta = next(note for note in notes if isinstance(note, msgspec.Meta))
        yield from _annotated(value, kind, meta, path)
    elif origin in (Union, types.UnionType):
        yield from _one_of(value, [each for each in get_args(kind) if each is not type(None)], path)
    elif origin is Literal:
        if value not in get_args(kind) or isinstance(value, bool):
            yield _unwanted(value, kind, path)
    elif origin is tuple:
        yield from _list(value, get_args(kind), kind, path)
    elif origin is dict:
        yield from _dictionary(value, get_args(kind), path)
    elif kind in _SCALARS:
        if not _SCALARS[kind].fits(value):
            yield _unwanted(value, kind, path)
        elif kind in (int, float):
            yield from _beyond(value, None, path)
    elif kind is not Any:
        yield from _table(value, kind, path)


def _table(value: Any, table: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _unwanted(value, table, path)
        return
    keys = declared(table)
    for name, given in value.items():
        key = keys.get(name)
        if key is None:
            near = nearest(name, keys)
            meant = f", did you mean {near!r}?" if near else ""
            yield Problem((*path, name), f"unknown key{meant}", of_key=True)
        elif given is not None and not given == key.default == "":
            yield from misfits(given, key.kind, (*path, name))
    for name, key in keys.items():
        if key.required and name not in value:
            yield Problem(path, f"no {name!r}: want {wanted(key.kind)}", of_key=True)


def _list(value: Any, elements: tuple[Any, ...], kind: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, list | tuple) or (elements[-1] is not ... and len(value) != len(elements)):
        yield _unwanted(value, kind, path)
        return
    for index, each in enumerate(value):
        yield from misfits(each, elements[0], (*path, index))


def _dictionary(value: Any, kinds: tuple[Any, ...], path: Path) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, f"got {shown(value)}, want a table")
        return
    for name, each in value.items():
        key, element = kinds
        yield from (problem._replace(of_key=True) for problem in misfits(name, key, (*path, name)))
        yield from misfits(each, element, (*path, name))


def _one_of(value: Any, kinds: list[Any], path: Path) -> Iterator[Problem]:
    """The alternative that the value's own form speaks for says what is wrong; without one, all are wanted."""
    for kind in kinds:
        if _begins_like(value, kind):
            yield from misfits(value, kind, path)
            return
    yield Problem(path, f"got {shown(value)}, want {' or '.join(wanted(kind) for kind in kinds)}")


def _begins_like(value: Any, kind: Any) -> bool:
    origin = get_origin(kind)
    if origin is Annotated:
        return _begins_like(value, get_args(kind)[0])
    if origin is tuple:
        return isinstance(value, list | tuple)
    if origin is Literal:
        return isinstance(value, str)
    return _SCALARS[kind].fits(value) if kind in _SCALARS else isinstance(value, dict)


def _annotated(value: Any, kind: Any, meta: msgspec.Meta, path: Path) -> Iterator[Problem]:
    extra = meta.extra or {}
    form: Format | None = extra.get("format")
    if "table" in extra:
        yield from _table(value, extra["table"], path)
    elif form is not None and isinstance(value, str):
        try:
            form.read(value)
        except ValueError:
            yield Problem(path, f"got {shown(value)}, want {form.wanted}")
    elif kind in (int, float) and _SCALARS[kind].fits(value):
        yield from _beyond(value, meta, path)
    elif form is not None:
        yield Problem(path, f"got {shown(value)}, want {form.wanted}")
    else:
        yield from misfits(value, kind, path)
        if meta.min_length is not None and isinstance(value, list | tuple) and len(value) < meta.min_length:
            yield Problem(path, "is empty, want at least one entry")


def _beyond(value: float, meta: msgspec.Meta | None, path: Path) -> Iterator[Problem]:
    """A number that is out of bounds."""
    least = None if meta is None else meta.ge
    most = MAX_NUMBER if meta is None or meta.le is None else meta.le
    if least is None and not value > 0:
        yield Problem(path, f"got {shown(value)}, want a number above 0")
    elif least is not None and not value >= least:
        yield Problem(path, f"got {shown(value)}, want {least} or more")
    elif not value <= most:
        yield Problem(path, f"got {shown(value)}, want at most {most}")


def _unwanted(value: Any, kind: Any, path: Path) -> Problem:
    return Problem(path, f"got {shown(value)}, want {wanted(kind)}")


def wanted(kind: Any) -> str:
    """What to ask for where a value of `kind` is to stand."""
    origin = get_origin(kind)
    if origin is Annotated:
        base, meta = get_args(kind)[:2]
        form: Format | None = (meta.extra or {}).get("format")
        return wanted(base) if form is None else form.wanted
    if origin in (Union, types.UnionType):
        return " or ".join(wanted(each) for each in get_args(kind) if each is not type(None))
    if origin is Literal:
        return " or ".join(repr(each) for each in get_args(kind))
    if origin is tuple:
        first, *rest = get_args(kind)
        if rest != [...]:
            return f"a list of {1 + len(rest)} numbers"
        return _LISTS[first] if first in (str, _FILE_OR_TABLE) else f"a list, each entry {wanted(first)}"
    return _SCALARS[kind].wanted if kind in _SCALARS else "a table"


class _Scalar(NamedTuple):
    fits: Callable[[Any], bool]
    wanted: str


_SCALARS: Final[Mapping[Any, _Scalar]] = {
    str: _Scalar(lambda value: isinstance(value, str), "a string"),
    bool: _Scalar(lambda value: isinstance(value, bool), "true or false"),
    int: _Scalar(lambda value: type(value) is int, "an integer"),
    float: _Scalar(lambda value: type(value) in (int, float), "a number"),
}
_FILE_OR_TABLE: Final = str | dict[str, Any]
_LISTS: Final[Mapping[Any, str]] = {
    str: "a list of strings",
    _FILE_OR_TABLE: "a list of file names or tables",
}
