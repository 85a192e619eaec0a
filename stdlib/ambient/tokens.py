"""
JSON Web Tokens (RFC 7519), an extension: who a request says it is, if somebody trusted has signed it.

Signatures are those of `stdlib.pure.jws`; here are the claims. The time is the request's, as for all builtins.
"""

import math
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from edgescript.builtins import Cost, Effect, Family, OptDict, Str
from edgescript.context import Context
from edgescript.faults import FaultCode, ScriptFault
from edgescript.types import Table, Value
from stdlib.pure import jws
from stdlib.pure.jsons import object_of

tokens = Family("tokens", effect=Effect.AMBIENT, extension=True)

MAX_TOKEN_BYTES: Final = 8 << 10
"""No longer than what most servers take as one header field."""
_MAX_LEEWAY_S: Final = 3600
_KEY_SHIFT: Final = 3
"""A unit for each 8 bytes of a key, which is read anew where it is no constant."""
_Result = Table | Literal[False]


class _Wanted(NamedTuple):
    """What a script asks of the claims beyond their time."""

    aud: frozenset[str] | None = None
    iss: frozenset[str] | None = None
    leeway_s: float = 0


@tokens.builtin(
    cost=Cost(
        30,
        per="token",
        shift=1,
        worst=lambda call: jws.MAX_FUEL + 8 * call.size("token") + (call.size("key") >> 3),
    ),
    reads=(),
)
def jwt_verify(ctx: Context, token: Str, key: Str, alg: Str, options: OptDict = None) -> _Result:
    r"""
    Return the claims of a signed token as a dictionary, or false when it is not to be trusted.

    `alg` is HS256, HS384, HS512, RS256, ES256 or EdDSA (Ed25519), whatever the token says. `key` is the secret, with at
    least as many bytes as the digest has, or the public key in PEM, with `\n` for its lines or without its first and last
    line. A key that is none for `alg` is error 499.

    The signature must be right, `exp` still to come, `nbf` past. `options`: `iss`, a string or an array of them, one of
    which the claim must equal; `aud`, likewise, one of which must be among those of the claim; `leeway`, the seconds by
    which clocks may differ, up to 3600. A token that has `aud` is refused when the option is missing (RFC 7519 section
    4.1.3). Tokens above 8 KiB are refused.

    jwt_verify('a.b.c', 'a secret of thirty-two bytes or more', 'HS256') => false
    get(jwt_verify('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.2n480xZ4YmZAQBPINVW7PVA9QnArUcBu9LdxZEP-13A', 'a secret of thirty-two bytes or more', 'HS256'), 'sub') => 'ann'
    """
    ctx.charge(len(key) >> _KEY_SHIFT)
    return _claims(ctx, token, _verifier(alg, key), options)


@tokens.specialised(jwt_verify, "key", "alg")
def _jwt_verify_constant(key: str, alg: str) -> Callable[..., _Result]:
    verifier = _verifier(alg, key)

    def verify(ctx: Context, token: str, options: Table | None = None) -> _Result:
        ctx.charge(len(key) >> _KEY_SHIFT)
        return _claims(ctx, token, verifier, options)

    return verify


@tokens.specialised(jwt_verify, "alg")
def _jwt_verify_known(alg: str) -> None:
    """Nothing to prepare without the key, but a wrong name is seen."""
    _known(alg)


def _known(alg: str) -> str:
    if alg not in jws.ALGORITHMS:
        raise ScriptFault(
            FaultCode.OTHER,
            f"jwt_verify: got algorithm {alg[:20]!r}, want one of {', '.join(jws.ALGORITHMS)}",
        )
    return alg


def _verifier(alg: str, key: str) -> jws.Verifier:
    try:
        return jws.verifier(_known(alg), key)
    except jws.KeyRefusedError as refusal:
        raise ScriptFault(FaultCode.OTHER, f"jwt_verify: as key for {alg}, want {refusal}") from None


def _claims(ctx: Context, token: str, verifier: jws.Verifier, options: Table | None) -> _Result:
    wanted = _Wanted() if options is None else _read(options)
    if len(token) > MAX_TOKEN_BYTES:
        return False
    payload = jws.opened(ctx, token, verifier)
    claims = None if payload is None else object_of(ctx, payload)
    return claims if claims is not None and _hold(ctx, claims, wanted) else False


def _hold(ctx: Context, claims: Table, wanted: _Wanted) -> bool:
    """RFC 7519 section 4.1."""
    expires, begins = _moment(claims, "exp", math.inf), _moment(claims, "nbf", -math.inf)
    first, end = begins - wanted.leeway_s, expires + wanted.leeway_s
    ctx.changes_at(first)
    ctx.changes_at(end)
    if not first <= ctx.now_s < end:
        return False
    if wanted.iss is not None and claims.get("iss") not in wanted.iss:
        return False
    if "aud" not in claims.named:
        return wanted.aud is None
    return wanted.aud is not None and not wanted.aud.isdisjoint(_audience(claims.get("aud")))


def _moment(claims: Table, name: str, otherwise: float) -> float:
    """The seconds of a NumericDate; `otherwise` without the claim, nan, which no comparison holds for, for any other value."""
    value: Value = claims.named.get(name, otherwise)
    return value if type(value) is int or type(value) is float else math.nan


def _audience(value: Value) -> frozenset[str]:
    """The strings of a claim: one, or those of an array."""
    values = value.array if isinstance(value, Table) else [value]
    return frozenset(each for each in values if isinstance(each, str))


def _read(options: Table) -> _Wanted:
    """Raises 499 for an unknown option or a value that is none: either would let in who should stay out."""
    wanted = _Wanted()
    for name, value in options.items():
        if name == "leeway" and (type(value) is int or type(value) is float) and 0 <= value <= _MAX_LEEWAY_S:
            wanted = wanted._replace(leeway_s=value)
        elif name == "aud" and (names := _accepted(value)):
            wanted = wanted._replace(aud=names)
        elif name == "iss" and (names := _accepted(value)):
            wanted = wanted._replace(iss=names)
        else:
            raise ScriptFault(
                FaultCode.OTHER,
                "jwt_verify: want options iss and aud, strings or arrays of them, "
                f"and leeway, 0 to {_MAX_LEEWAY_S} seconds",
            )
    return wanted


def _accepted(value: Value) -> frozenset[str]:
    """The strings of an option: one, or an array with nothing else; none for any other value."""
    names = _audience(value)
    return frozenset() if isinstance(value, Table) and len(names) < len(value) else names
