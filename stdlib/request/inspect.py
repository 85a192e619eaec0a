"""
Questions about the request (reference section 7.13). Values are as they came on the wire, not percent-decoded (U-12).

Most take a `pattern` last: with it they return whether the value equals it, or, after `re:`, whether the regex is
found in it. What is absent matches nothing. A constant pattern is worked out when the script is loaded.
"""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from edgescript.bounds import CallBounds
from edgescript.builtins import MATCHER_PREFIX, Cost, Effect, Family, Int, OptMatcher, Str
from edgescript.context import Context
from edgescript.meter import SMALL_BYTES
from edgescript.reads import Part
from edgescript.types import Table
from stdlib.pure.patterns import compiled, covered_tester, most_of_search, tester
from stdlib.request import lookup
from stdlib.request.lookup import Reader

inspect = Family("inspect", effect=Effect.READS)

Matcher: TypeAlias = Callable[[Context, str | None], bool]

MAX_SEGMENTS: Final = 128
"""U-34, read as a number of segments."""
_FACT: Final = Cost(1, makes=lambda call: call.inputs.word_bytes)
_ASK_UNITS: Final = 4
"""Base of all questions. A search that takes no more is covered by it."""


def _worst(call: CallBounds) -> int:
    """A text over `SMALL_BYTES` is charged for its size, and a search at the pattern's pace."""
    size, pattern = call.result, call.constant("pattern")
    if not isinstance(pattern, str):
        is_given = call.size("pattern") > 0
        return (size >> 6) + (most_of_search(None, "", size) if is_given else 0)
    if not pattern.startswith(MATCHER_PREFIX):
        return size >> 6
    return (size >> 6) + most_of_search(pattern.removeprefix(MATCHER_PREFIX), "", size)


_ANSWER: Final = Cost(
    _ASK_UNITS,
    worst=_worst,
    makes=lambda call: max(call.inputs.target_bytes, call.inputs.host_bytes),
)
_FIELD: Final = Cost(_ASK_UNITS, worst=_worst, makes=lambda call: call.inputs.head_bytes)


def _matcher(pattern: str) -> Matcher:
    """Whether a value matches (reference section 7.13): equals `pattern` or, after `re:`, is searched by the regex."""
    if not pattern.startswith(MATCHER_PREFIX):
        return _free_matcher(pattern.__eq__)
    found = compiled(pattern.removeprefix(MATCHER_PREFIX))
    costless = covered_tester(found, _ASK_UNITS)
    if costless is not None:
        return _free_matcher(costless)
    test = tester(found, _ASK_UNITS)

    def matches(ctx: Context, value: str | None) -> bool:
        if value is None:
            return False
        if len(value) > SMALL_BYTES:
            ctx.charge(len(value) >> 6)
        return test(ctx, value)

    return matches


def _free_matcher(test: Callable[[str], bool]) -> Matcher:
    def matches(ctx: Context, value: str | None) -> bool:
        if value is None:
            return False
        if len(value) > SMALL_BYTES:
            ctx.charge(len(value) >> 6)
        return test(value)

    return matches


def _answer(ctx: Context, value: str | None, pattern: str | None, absent: str | Literal[False]) -> str | bool:
    if pattern is not None:
        matches = _matcher(pattern)
        ctx.look_at_clock()  # the regex may be new, and fuel does not measure what making it takes
        return matches(ctx, value)
    return absent if value is None else value


def _specialise(function: Callable[..., str | bool], read: Reader) -> None:
    """Compile a constant `pattern` of `function`, whose value is `read(context)`."""

    def with_pattern(pattern: str) -> Callable[[Context], bool]:
        matches = _matcher(pattern)
        return lambda ctx: matches(ctx, read(ctx))

    inspect.specialised(function, "pattern")(with_pattern)


def _specialise_named(function: Callable[..., str | bool], bind: Callable[[str], Reader]) -> None:
    """Compile constant arguments of `function`, whose value is `bind(name)(context)`."""

    def with_name(name: str, pattern: str | None = None) -> Callable[[Context], str | bool]:
        read = bind(name)
        if pattern is None:
            return lambda ctx: _answer(ctx, read(ctx), None, False)
        matches = _matcher(pattern)
        return lambda ctx: matches(ctx, read(ctx))

    def with_pattern(pattern: str) -> Callable[[Context, str], bool]:
        matches = _matcher(pattern)
        return lambda ctx, name: matches(ctx, bind(name)(ctx))

    inspect.specialised(function, "name", "pattern")(with_name)
    inspect.specialised(function, "pattern")(with_pattern)


@inspect.builtin(cost=_FACT, reads=(Part.SERVER_ADDR,))
def server_addr(ctx: Context) -> str:
    """
    Return the address of the node that took the request.

    server_addr() => '198.51.100.1'
    """
    return ctx.request.server_addr


@inspect.builtin(cost=Cost(1), reads=(Part.SERVER_PORT,))
def server_port(ctx: Context) -> int:
    """
    Return the port of the node that took the request.

    server_port() => 443
    """
    return ctx.request.server_port


@inspect.builtin(cost=_FACT, reads=(Part.CLIENT_ADDR,))
def client_addr(ctx: Context) -> str:
    """
    Return the address the client connected from.

    client_addr() => '192.0.2.7'
    """
    return ctx.request.client_addr


@inspect.builtin(cost=Cost(1), reads=(Part.CLIENT_PORT,))
def client_port(ctx: Context) -> int:
    """
    Return the client's port.

    client_port() => 50000
    """
    return ctx.request.client_port


@inspect.builtin(cost=_FACT)
def req_id(ctx: Context) -> str:
    """
    Return the unique id of the request, which the response carries as X-Request-Id.

    req_id() => '0123456789abcdef0123456789abcdef'
    """
    return ctx.request.id


@inspect.builtin(cost=_ANSWER, reads=(Part.TARGET,))
def req_uri(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the path of the request, without the query; or whether it matches `pattern`.

    req_uri()                   => '/a/b.tar.gz'
    req_uri('/a/b.tar.gz')      => true
    req_uri('re:^/a/')          => true
    req_uri('re:^/b')           => false
    """
    return _answer(ctx, ctx.request.path, pattern, False)


def _last_part(ctx: Context) -> str:
    return ctx.request.path.rpartition("/")[2]


def _basename(ctx: Context) -> str:
    return _last_part(ctx).partition(".")[0]


def _extension(ctx: Context) -> str:
    _, dot, rest = _last_part(ctx).partition(".")
    return dot + rest


@inspect.builtin(cost=_ANSWER, reads=(Part.TARGET,))
def req_uri_basename(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the last part of the path up to its first dot, '' after a final slash; or whether it matches `pattern`.

    req_uri_basename()    => 'b'
    req_uri_basename('b') => true
    """
    return _answer(ctx, _basename(ctx), pattern, False)


@inspect.builtin(cost=_ANSWER, reads=(Part.TARGET,))
def req_uri_ext(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the last part of the path from its first dot on, dot included, '' if it has none; or whether it matches.

    req_uri_ext()           => '.tar.gz'
    req_uri_ext('re:gz$')   => true
    """
    return _answer(ctx, _extension(ctx), pattern, False)


@inspect.builtin(cost=_ANSWER, reads=(Part.TARGET,))
def req_uri_arg(ctx: Context, name: Str, pattern: OptMatcher = None) -> str | bool:
    """
    Return the first value of query argument `name`, or false if it is absent; or whether it matches `pattern`.

    `?name=` has the value '', which is true; `?name` counts as absent. In `name`, `_` may stand for `-`.

    req_uri_arg('x')             => '1'
    req_uri_arg('absent')        => false
    req_uri_arg('x', 're:[0-9]') => true
    req_uri_arg('user_id')       => 'u7'
    """
    return _answer(ctx, lookup.argument(ctx, name), pattern, False)


def _query(ctx: Context) -> str | None:
    return ctx.request.query or None


@inspect.builtin(cost=_ANSWER, reads=(Part.TARGET,))
def req_uri_query_string(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the query without its `?`, or false if there is none or an empty one; or whether it matches `pattern`.

    req_uri_query_string()          => 'x=1&q=a%20b&user-id=u7'
    req_uri_query_string('re:^x=')  => true
    req_uri_query_string('x=')      => false
    """
    return _answer(ctx, _query(ctx), pattern, False)


@inspect.builtin(cost=_ANSWER, reads=(Part.SCHEME,))
def req_scheme(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return http or https; or whether it matches `pattern`.

    req_scheme()          => 'https'
    req_scheme('http')    => false
    req_scheme('re:http') => true
    """
    return _answer(ctx, ctx.request.scheme, pattern, False)


@inspect.builtin(cost=_ANSWER, reads=(Part.METHOD,))
def req_method(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the method; or whether it matches `pattern`.

    req_method()          => 'GET'
    req_method('get')     => false
    """
    return _answer(ctx, ctx.request.method, pattern, False)


@inspect.builtin(cost=_ANSWER, reads=(Part.HOST,))
def req_host(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the host the client asked for; or whether it matches `pattern`.

    req_host()                      => 'www.example.com'
    req_host('example.com')         => false
    req_host('re:[.]example[.]com$') => true
    """
    return _answer(ctx, ctx.request.host, pattern, False)


def _user_agent(ctx: Context) -> str | None:
    return ctx.request.headers.get("user-agent")


@inspect.builtin(cost=_FIELD, reads=((Part.HEADER, "user-agent"),))
def req_user_agent(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the User-Agent, '' if there is none; or whether there is one that matches `pattern`.

    req_user_agent()           => 'curl/8.5.0'
    req_user_agent('re:^curl') => true
    """
    return _answer(ctx, _user_agent(ctx), pattern, "")


def _referer(ctx: Context) -> str | None:
    return ctx.request.headers.get("referer")


@inspect.builtin(cost=_FIELD, reads=((Part.HEADER, "referer"),))
def req_referer(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the Referer, '' if there is none; or whether there is one that matches `pattern`.

    req_referer()                                => 'https://ok.example/page'
    req_referer('re:^https://ok[.]example/')     => true
    """
    return _answer(ctx, _referer(ctx), pattern, "")


@inspect.builtin(cost=_FIELD, reads=(Part.COOKIE,))
def req_cookie(ctx: Context, name: Str, pattern: OptMatcher = None) -> str | bool:
    """
    Return the first value of cookie `name`, or false if it is absent; or whether it matches `pattern`.

    In `name`, `_` may stand for `-`.

    req_cookie('g')              => '7'
    req_cookie('g', 're:^[a-z]') => false
    req_cookie('absent')         => false
    """
    return _answer(ctx, lookup.cookie(ctx, name), pattern, False)


def _first_forwarded(ctx: Context) -> str | None:
    line = ctx.request.headers.get("x-forwarded-for")
    return line.partition(",")[0].strip(" \t") if line is not None else None


@inspect.builtin(cost=_FIELD, reads=((Part.HEADER, "x-forwarded-for"),))
def req_first_x_forwarded(ctx: Context, pattern: OptMatcher = None) -> str | bool:
    """
    Return the first address of X-Forwarded-For, or false without one; or whether it matches `pattern`.

    Anyone can send this header: it tells nothing about who connected.

    req_first_x_forwarded()        => '9.9.9.9'
    req_first_x_forwarded('8.8.8.8') => false
    """
    return _answer(ctx, _first_forwarded(ctx), pattern, False)


@inspect.builtin(cost=_FIELD, reads=(Part.HEADER,))
def req_header(ctx: Context, name: Str, pattern: OptMatcher = None) -> str | bool:
    """
    Return the first line of request header `name`, or false if it is absent; or whether it matches `pattern`.

    `name` has `_` or `-`, in either case.

    req_header('x_uid')      => 'z'
    req_header('X-Uid', 'z') => true
    req_header('x_none')     => false
    """
    return _answer(ctx, lookup.header(ctx, name), pattern, False)


@inspect.builtin(
    cost=Cost(
        12,
        worst=lambda _: MAX_SEGMENTS,
        makes=lambda call: call.table(MAX_SEGMENTS, call.inputs.target_bytes),
    ),
    reads=(Part.TARGET,),
)
def req_uri_seg(ctx: Context, idx: Int = 1) -> Table:
    """
    Return the parts of the path between slashes from number `idx` on, under their numbers counted from 1.

    Empty parts do not count, so a doubled or final slash changes no number. At most 128 parts.

    get(req_uri_seg(), 1)        => 'a'
    get(req_uri_seg(2), 2)       => 'b.tar.gz'
    get(req_uri_seg(2), 1)       => false
    """
    segments = [part for part in ctx.request.path.split("/", 2 * MAX_SEGMENTS) if part]
    kept = segments[:MAX_SEGMENTS]
    first = max(idx, 1)
    ctx.entries(max(len(kept) - first + 1, 0))
    ctx.charge(len(kept))
    if first == 1:
        return Table(list(kept))
    return Table(None, dict(enumerate(kept[first - 1 :], first)))


_PLAIN: Final[tuple[tuple[Callable[..., str | bool], Reader], ...]] = (
    (req_uri, lambda ctx: ctx.request.path),
    (req_uri_basename, _basename),
    (req_uri_ext, _extension),
    (req_uri_query_string, _query),
    (req_scheme, lambda ctx: ctx.request.scheme),
    (req_method, lambda ctx: ctx.request.method),
    (req_host, lambda ctx: ctx.request.host),
    (req_user_agent, _user_agent),
    (req_referer, _referer),
    (req_first_x_forwarded, _first_forwarded),
)
_NAMED: Final[tuple[tuple[Callable[..., str | bool], Callable[[str], Reader]], ...]] = (
    (req_uri_arg, lookup.argument_reader),
    (req_cookie, lookup.cookie_reader),
    (req_header, lookup.header_reader),
)
for _function, _read in _PLAIN:
    _specialise(_function, _read)
for _named_function, _bind in _NAMED:
    _specialise_named(_named_function, _bind)
