"""
Header fields towards the origin and the client (reference section 7.6).

Each function records a wish; the node carries them out in order when it sends the message. An invalid name or value is
answered with false and leaves nothing: a script can never break a header line. The fields that frame a message or
belong to the connection (Content-Length, Connection and their like) are the node's own, and invalid here.
"""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from edgescript.bounds import Made
from edgescript.builtins import Bool, Cost, Effect, Family, OptDict, Str, refused
from edgescript.context import Context
from edgescript.effects import HeaderAction, HeaderOp, has_placeholder
from edgescript.types import Table, Value, number_text
from stdlib.request.wire import MAX_FIELD_BYTES, is_field_name, is_field_value, is_token, value_rule

headers = Family("headers", effect=Effect.WRITES)

Side: TypeAlias = Literal["request_headers", "response_headers"]


@headers.builtin(cost=Cost(6, per="value", shift=5), reads=())
def add_req_header(ctx: Context, name: Str, value: Str, append: Bool = False) -> bool:
    """
    Set a header of the request to the origin, or add another line of it if `append` is true.

    Return false for a name or value that is no valid header.

    add_req_header('X-A', '1')       => true
    add_req_header('X-A', '2', true) => true
    add_req_header('X A', '1')       => false
    add_req_header('Host', 'a b')    => false
    """
    return _put(ctx, "request_headers", name, value, append)


@headers.builtin(cost=Cost(4), reads=())
def del_req_header(ctx: Context, name: Str) -> bool:
    """
    Leave a header out of the request to the origin. What scripts read of the request stays as the client sent it.

    del_req_header('Cookie') => true
    del_req_header('')       => false
    """
    return _drop(ctx, "request_headers", name)


@headers.builtin(cost=Cost(6, per="value", shift=5), reads=())
def add_rsp_header(ctx: Context, name: Str, value: Str, append: Bool = False) -> bool:
    """
    Set a header of the response to the client, the origin's one included, or add another line if `append` is true.

    In `value`, `${x}` becomes nginx variable x and `@{y}` response header y when the response is made. Headers set
    before `exit` or a redirect appear in that response. Return false for a name or value that is no valid header.

    add_rsp_header('X-Copy', '@{content-type}') => true
    add_rsp_header('X-A', concat('a', tochar(13, 10), 'X-B: b')) => false
    """
    return _put(ctx, "response_headers", name, value, append)


@headers.builtin(cost=Cost(4), reads=())
def del_rsp_header(ctx: Context, name: Str) -> bool:
    """
    Leave a header out of the response, the origin's one included; false for a name that is no valid header.

    del_rsp_header('Server') => true
    """
    return _drop(ctx, "response_headers", name)


def _put(ctx: Context, side: Side, name: str, value: str, append: bool) -> bool:
    if not is_field_name(name) or not value_rule(name)(value):
        return False
    ctx.header_op(side, HeaderOp("add" if append else "set", name, value, _is_template(ctx, value)))
    return True


def _is_template(ctx: Context, value: str) -> bool:
    """Whether `value` is a text of the script itself, so that its placeholders count."""
    return "{" in value and value in ctx.templates


def _drop(ctx: Context, side: Side, name: str) -> bool:
    if not is_field_name(name):
        return False
    ctx.header_op(side, HeaderOp("delete", name))
    return True


def _fixed_op(side: Side, op: HeaderOp) -> Callable[[Context], bool]:
    """Records one wish that is known at load time."""

    def record(ctx: Context) -> bool:
        ctx.header_op(side, op)
        return True

    return record


def _constant_put(side: Side, name: str, value: str, append: bool) -> Callable[..., bool]:
    if not is_field_name(name) or not value_rule(name)(value):
        return refused
    return _fixed_op(side, HeaderOp("add" if append else "set", name, value, has_placeholder(value)))


def _named_put(side: Side, name: str, append: bool) -> Callable[..., bool]:
    if not is_field_name(name):
        return refused
    action: HeaderAction = "add" if append else "set"
    may_stand = value_rule(name)

    def record(ctx: Context, value: str) -> bool:
        if not may_stand(value):
            return False
        template = "{" in value and value in ctx.templates  # as `_is_template`
        ctx.header_op(side, _made(HeaderOp, (action, name, value, template)))
        return True

    return record


_made: Final = tuple.__new__
"""Takes half of what the class itself takes."""
assert len(HeaderOp._fields) == 4


def _constant_drop(side: Side, name: str) -> Callable[..., bool]:
    return _fixed_op(side, HeaderOp("delete", name)) if is_field_name(name) else refused


@headers.specialised(add_req_header, "name", "value", "append")
def _add_req_constant(name: str, value: str, append: bool = False) -> Callable[..., bool]:
    return _constant_put("request_headers", name, value, append)


@headers.specialised(add_req_header, "name", "append")
def _add_req_named(name: str, append: bool = False) -> Callable[..., bool]:
    return _named_put("request_headers", name, append)


@headers.specialised(add_rsp_header, "name", "value", "append")
def _add_rsp_constant(name: str, value: str, append: bool = False) -> Callable[..., bool]:
    return _constant_put("response_headers", name, value, append)


@headers.specialised(add_rsp_header, "name", "append")
def _add_rsp_named(name: str, append: bool = False) -> Callable[..., bool]:
    return _named_put("response_headers", name, append)


@headers.specialised(del_req_header, "name")
def _del_req_constant(name: str) -> Callable[..., bool]:
    return _constant_drop("request_headers", name)


@headers.specialised(del_rsp_header, "name")
def _del_rsp_constant(name: str) -> Callable[..., bool]:
    return _constant_drop("response_headers", name)


@headers.builtin(
    cost=Cost(
        8,
        worst=lambda call: call.limits.header_operations,
        makes=lambda call: Made(
            max(call.inputs.response_bytes, MAX_FIELD_BYTES),
            call.inputs.response_bytes // 3 + call.limits.header_operations,
            max(call.inputs.response_bytes, MAX_FIELD_BYTES),
        ),
    ),
    effect=Effect.READS,
    awaits_response=True,
)
def get_rsp_header(ctx: Context, str_: Str) -> str | Table | Literal[False]:
    """
    Return the value of a response header as it stands: a string, an array when there are several lines, else false.

    A header that scripts of this request have set or deleted is known at once. For any other the script stops here
    and goes on when the head of the response is made, whoever made it: origin, cache or another script. What it then
    asks for can change that response, and no longer the request to the origin, which has acted on it by then: what is
    to be refused for the request's own sake is refused before. While it waits, all other scripts run. The node's own 502
    and 504 end the wait without it.

    get_rsp_header('x-none') => false
    """
    name = str_.lower()
    if not any(op.action != "add" and op.name.lower() == name for op in ctx.effects.response_headers):
        ctx.await_response()
    values: list[Value] = list(ctx.response_headers.get_all(name)) if ctx.response_headers is not None else []
    for op in ctx.effects.response_headers:
        if op.name.lower() == name:
            values = [
                *(values if op.action == "add" else ()),
                *(() if op.action == "delete" else (op.value,)),
            ]
    ctx.charge(len(ctx.effects.response_headers))
    if len(values) == 1:
        return str(values[0])
    ctx.entries(len(values))
    return Table(values) if values else False


_COOKIE_BREAKERS: Final = frozenset(";\x00\r\n")
_ATTRIBUTES: Final = (
    ("expires", "Expires"),
    ("max_age", "Max-Age"),
    ("domain", "Domain"),
    ("path", "Path"),
    ("secure", "Secure"),
    ("httponly", "HttpOnly"),
    ("samesite", "SameSite"),
    ("extension", ""),
)
"""Keys of `properties` in the order the attributes are written."""


@headers.builtin(cost=Cost(32, per="v", shift=3), reads=())
def add_rsp_cookie(ctx: Context, k: Str, v: Str, properties: OptDict = None) -> bool:
    """
    Add a Set-Cookie line. `properties` may have expires, domain, path, samesite and extension (text), max_age
    (number), secure and httponly (boolean).

    Return false when name, value or a property would not make a cookie: a `;` or control character, a wrong type.

    add_rsp_cookie('a', '1', ['path' = '/', 'secure' = true]) => true
    add_rsp_cookie('a', '1; Domain=evil.example')             => false
    """
    if not is_token(k) or not _is_cookie_text(v):
        return False
    line = f"{k}={v}"
    for key, label in _ATTRIBUTES:
        text = _attribute(label, properties.get(key)) if properties else ""
        if text is None:
            return False
        line += text
    if not is_field_value(line):
        return False
    ctx.header_op("response_headers", HeaderOp("add", "Set-Cookie", line))
    return True


def _is_cookie_text(text: str) -> bool:
    return _COOKIE_BREAKERS.isdisjoint(text)


def _attribute(label: str, value: Value) -> str | None:
    """The text of one attribute with its `; `, '' when it is left out, None when it is wrong."""
    if value is False or value is None:
        return ""
    if label in {"Secure", "HttpOnly"}:
        return f"; {label}" if value is True else None
    if label == "Max-Age":
        return (
            f"; {label}={number_text(value)}"
            if isinstance(value, int | float) and value is not True
            else None
        )
    if not isinstance(value, str):
        return None
    if label == "":
        return f"; {value}"  # raw text by its definition; is_field_value sees to line breaks
    return f"; {label}={value}" if _is_cookie_text(value) else None
