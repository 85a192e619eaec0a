"""
`rewrite`: another URI towards origin and cache, or a redirect (reference section 7.6).

    flag               target               query sent with it
    -----------------  -------------------  ------------------------------------
    break              internal             the current one, after the target's
    enhance_break      internal             the target's alone
    redirect           the Location field   the current one, after the target's
    enhance_redirect   the Location field   the target's alone

A target may carry a query even where the current one is kept; the two are joined as nginx's rewrite directive joins
them, and a target that ends in `?` drops the current one. Whatever the script gives is made fit for the wire.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from edgescript.builtins import Cost, Effect, Family, Int, Str
from edgescript.context import Context
from edgescript.effects import Redirect
from edgescript.faults import FaultCode, ScriptFault
from edgescript.reads import Part
from edgescript.types import number_text
from stdlib.request.wire import MAX_TARGET_BYTES, safe_target

rewrites = Family("rewrite", effect=Effect.WRITES)


class _Flag(NamedTuple):
    redirects: bool
    keeps_query: bool


_FLAGS: Final = {
    "break": _Flag(redirects=False, keeps_query=True),
    "enhance_break": _Flag(redirects=False, keeps_query=False),
    "redirect": _Flag(redirects=True, keeps_query=True),
    "enhance_redirect": _Flag(redirects=True, keeps_query=False),
}
_REDIRECTING: Final = frozenset(name for name, flag in _FLAGS.items() if flag.redirects)
_REDIRECT_CODES: Final = (301, 302, 303, 307, 308)
_DEFAULT_CODE: Final = 302


@rewrites.builtin(
    cost=Cost(10, per="url", shift=5), may_end=True, ends_when={"flag": _REDIRECTING}, reads=(Part.TARGET,)
)
def rewrite(ctx: Context, url: Str, flag: Str, code: Int = 302) -> Literal[True]:
    """
    Change the URI for origin and cache (`break`, `enhance_break`) or redirect the client and end the request
    (`redirect`, `enhance_redirect`, with `code` 301, 302, 303, 307 or 308).

    The plain flags keep the query, the `enhance_` ones take it from `url`. A redirect may name an absolute URL.
    Another flag or code is error 499, and so is a `url` of more than 8192 bytes.

    rewrite('/index.html', 'break')              => true
    rewrite('/index.html?v=2', 'enhance_break')  => true
    rewrite('/n', 'redirect', 307)               => true
    rewrite('https://example.com/', 'enhance_redirect') => true
    """
    return _rewriter(flag, code)(ctx, url)


@rewrites.specialised(rewrite, "flag", "code")
def _rewrite_constant(flag: str, code: int = _DEFAULT_CODE) -> Callable[..., Literal[True]]:
    return _rewriter(flag, code)


def _rewriter(flag: str, code: int) -> Callable[[Context, str], Literal[True]]:
    """What the flag does to a request and a target. Raises 499 for a flag or code that is none."""
    how = _FLAGS.get(flag)
    if how is None:
        raise ScriptFault(
            FaultCode.OTHER, f"rewrite: got flag {flag[:20]!r}, want one of {', '.join(_FLAGS)}"
        )
    if not how.redirects:
        return _keep_and_rewrite if how.keeps_query else _replace_and_rewrite
    if code not in _REDIRECT_CODES:
        codes = ", ".join(map(str, _REDIRECT_CODES))
        raise ScriptFault(FaultCode.OTHER, f"rewrite: got code {number_text(code)}, want one of {codes}")

    def redirect(ctx: Context, url: str) -> Literal[True]:
        target = _checked(url) or "/"
        if how.keeps_query:
            target = _with_query(target, _current_query(ctx))
        ctx.end(Redirect(code, target))
        return True

    return redirect


def _checked(url: str) -> str:
    if len(url) > MAX_TARGET_BYTES:
        raise ScriptFault(
            FaultCode.OTHER, f"rewrite: target of {len(url)} bytes, more than {MAX_TARGET_BYTES}"
        )
    return safe_target(url)


def _current_query(ctx: Context) -> str | None:
    effects = ctx.effects
    return effects.query if effects.query_replaced else ctx.request.query


def _joined(own: str, current: str | None) -> str | None:
    """The target's own query before the current one; none at all when the target's is empty, as in nginx."""
    if not own:
        return None
    return f"{own}&{current}" if current else own


def _with_query(target: str, current: str | None) -> str:
    """`target` with the current query, in front of a fragment."""
    rest, hash_mark, fragment = target.partition("#")
    path, mark, own = rest.partition("?")
    query = _joined(own, current) if mark else current
    return (f"{path}?{query}" if query else path) + hash_mark + fragment


def _internal(url: str) -> tuple[str, str, str]:
    """The path, `?` if there is a query, and the query. A fragment mark has no meaning towards an origin."""
    path, mark, query = _checked(url).replace("#", "%23").partition("?")
    return (path if path.startswith("/") else f"/{path}"), mark, query


def _keep_and_rewrite(ctx: Context, url: str) -> Literal[True]:
    effects = ctx.effects
    effects.path, mark, own = _internal(url)
    if mark:
        effects.query = _joined(own, _current_query(ctx))
        effects.query_replaced = True
    return True


def _replace_and_rewrite(ctx: Context, url: str) -> Literal[True]:
    effects = ctx.effects
    effects.path, _, query = _internal(url)
    effects.query = query or None
    effects.query_replaced = True
    return True
