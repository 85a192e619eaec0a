"""
The calls that `fuel_bench` times: for every builtin the examples of its declaration, and larger arguments here.

`LARGE` has, for a builtin whose work grows with an argument, the text `make(n)` gives and the call; the text is in `s`,
a request header and so unknown before the run. Contents are what takes long: every byte escaped, every field a pair.
`SETS` does the same with dictionaries of n entries in `d`.
"""

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIZES: Final = (256, 4_096, 65_536)
REGEX_SIZES: Final = (32, 120, 256, 4_096, 32_000)
ENTRIES: Final = (16, 256, 4_096)

Make = Callable[[int], str]


def plain(size: int) -> str:
    return ("abc/Def-123.x_" * (size // 14 + 1))[:size]


def spread(piece: str) -> Make:
    """Texts of one piece over and over, whole pieces only."""
    return lambda size: piece * max(size // len(piece), 1)


def shuffled(entries: int) -> str:
    """Numbers in no order, joined by commas."""
    return ",".join(str(index * 7_919 % 10_007) for index in range(entries))


def json_array(size: int) -> str:
    return "[" + ",".join(['{"k":"v1"}'] * max(size // 11, 1)) + "]"


class Subject(NamedTuple):
    """A pattern, and the piece over and over that searches with it find hardest."""

    pattern: str
    piece: str = "abc/Def-123.x_"


SUBJECTS: Final = (
    Subject(r"\\.ts$", ".ts"),
    Subject("/live/"),
    Subject(r"\\.(jpg|jpeg|png|gif|webp|css|js)$", ".jp"),
    Subject("[0-9]", "abc/Def_"),
    Subject("[0-9][0-9]/", "11"),
    Subject("[&?]t=([^&]*)(&|$)", "&t"),
    Subject("bot|spider|crawl", "scrb"),
    Subject("(?i)bot|spider|crawl", "bo"),
    Subject("(?i)bot|spider|crawl", "Mozilla/5.0 (X11; Linux x86_64) "),
    Subject("(?i)bot|spider|crawl|slurp|curl|wget|python", "cc"),
    Subject("(?=[a-c]{30}#)a", "a"),
    Subject("(?:(?=a)|(?=b)|(?=c)|(?=d)|(?=e)|(?=f)|(?=g))x", "and "),
    Subject("(?!abc)x", "ab"),
    Subject("a?a?a?x", "a"),
    Subject("[a-z]b?c?d?#", "bc"),
    Subject("^[0-9]+$", "1"),
    Subject("^/([^/]+)/([^/]+)/(.+)$"),
    Subject("^[0-9a-f]{32}$", "0"),
    Subject("^(/[a-z0-9_.-]*)*/?index$", "//"),
    Subject("[0-9]+#"),
    Subject("(?i)(?:google|bing)bot.*spider", "google"),
    Subject("[a-z]+$", "a\n"),
)
"""One of each way that a search can go, from the cheapest to the dearest."""


def _searches(call: str, sizes: tuple[int, ...] = REGEX_SIZES) -> "tuple[Large, ...]":
    """The call with each pattern at `%s`."""
    return tuple(
        Large(spread(subject.piece), call.replace("%s", subject.pattern), sizes) for subject in SUBJECTS
    )


SECRET: Final = "a secret of sixty-four bytes or more, so that it is enough for HS512"
_AES: Final = "aes_new(['key' = 'k', 'salt' = 'abcdefgh', 'cipher_len' = 256, 'cipher_mode' = 'cbc'])"


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _token(alg: str, size: int, sign: Callable[[bytes], bytes]) -> str:
    """A signed token whose claims have about `size` bytes."""
    head = _base64url(f'{{"alg":"{alg}"}}'.encode())
    claims = _base64url(b'{"sub":"ann","x":"%b"}' % (b"y" * size))
    return f"{head}.{claims}.{_base64url(sign(f'{head}.{claims}'.encode()))}"


def _hmac_tokens(alg: str) -> "Large":
    def sign(data: bytes) -> bytes:
        return hmac.digest(SECRET.encode(), data, f"sha{alg[2:]}")

    return Large(lambda size: _token(alg, size, sign), f"jwt_verify(s, '{SECRET}', '{alg}')", TOKEN_SIZES)


def _public_tokens(alg: str) -> "Large":
    @cache
    def key() -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
        if alg == "RS256":
            return rsa.generate_private_key(65_537, 2048)
        return (
            ec.generate_private_key(ec.SECP256R1())
            if alg == "ES256"
            else ed25519.Ed25519PrivateKey.generate()
        )

    def sign(data: bytes) -> bytes:
        match key():
            case rsa.RSAPrivateKey() as private:
                return private.sign(data, PKCS1v15(), SHA256())
            case ec.EllipticCurvePrivateKey() as private:
                r, s = decode_dss_signature(private.sign(data, ec.ECDSA(SHA256())))
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")
            case private:
                return private.sign(data)

    der = key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    call = f"jwt_verify(s, '{b64encode(der).decode()}', '{alg}')"
    return Large(lambda size: _token(alg, size, sign), call, TOKEN_SIZES)


TOKEN_SIZES: Final = (64, 4_096)


class Large(NamedTuple):
    make: Make
    call: str
    sizes: tuple[int, ...] = SIZES


PLAIN: Final = plain
LARGE: Final[dict[str, tuple[Large, ...]]] = {
    "ab_group": (Large(PLAIN, "ab_group('test', s, ['a' = 50, 'b' = 50])"),),
    "aes_new": (Large(PLAIN, _AES, (0,)),),
    "aes_enc": (Large(PLAIN, f"aes_enc({_AES}, s)"),),
    "aes_dec": (Large(spread("0123456789abcdef"), f"aes_dec({_AES}, s)"),),
    "base64_dec": (Large(spread("QUJD"), "base64_dec(s)"),),
    "base64_dec_safe": (Large(spread("QU-_"), "base64_dec_safe(s)"),),
    "base64_enc": (Large(PLAIN, "base64_enc(s)"),),
    "base64_enc_safe": (Large(PLAIN, "base64_enc_safe(s)"),),
    "capture_re": (
        Large(PLAIN, "capture_re(s, '^([^/]*)/(.*)$')", REGEX_SIZES),
        Large(PLAIN, "capture_re(s, '([0-9]+)z')", REGEX_SIZES),
        Large(spread("12,"), "capture_re(s, '^([0-9]+,)+$')", REGEX_SIZES),
        *_searches("capture_re(s, '%s')", (32, 120, 4_096)),
    ),
    "concat": (Large(PLAIN, "concat(s, 'x')"), Large(PLAIN, "concat('a', s, '/', $uri)")),
    "crc": (Large(PLAIN, "crc(s)"),),
    "decode_args": (Large(spread("a=%41&"), "decode_args(s)"), Large(PLAIN, "decode_args(s)")),
    "find": (Large(PLAIN, "find(s, '#')"), Large(spread("a"), "find(s, 'aaaaaaaabaaaaaaaa')")),
    "format": (Large(PLAIN, "format('%s|%s', s, 1)"), Large(spread("%%"), "format(s)")),
    "get": (Large(PLAIN, "get(['a' = 1], s)"),),
    "gsub_re": (
        Large(PLAIN, "gsub_re(s, '[0-9]', '-')", REGEX_SIZES),
        Large(PLAIN, "gsub_re(s, '#+', '-')", REGEX_SIZES),
        *_searches("gsub_re(s, '%s', '-')", (120, 4_096)),
    ),
    "hmac": (Large(PLAIN, "hmac('key', s, 'sha256')"),),
    "hmac_sha1": (Large(PLAIN, "hmac_sha1('key', s)"),),
    "jwt_verify": (
        *map(_hmac_tokens, ("HS256", "HS512")),
        *map(_public_tokens, ("RS256", "ES256", "EdDSA")),
    ),
    "json_dec": (Large(json_array, "json_dec(s)"), Large(PLAIN, "json_dec(s)")),
    "json_enc": (Large(PLAIN, "json_enc(['k' = s])"), Large(spread('"'), "json_enc(['k' = s])")),
    "lower": (Large(PLAIN, "lower(s)"), Large(spread("\xe9A"), "lower(s)")),
    "match_re": (
        Large(PLAIN, "match_re(s, '[a-z]+#')", REGEX_SIZES),
        Large(PLAIN, "match_re(s, '#')", REGEX_SIZES),
        Large(PLAIN, "match_re(s, '^abc')", REGEX_SIZES),
        *_searches("match_re(s, '%s')"),
    ),
    "md5": (Large(PLAIN, "md5(s)"),),
    "md5_bin": (Large(PLAIN, "md5_bin(s)"),),
    "print": (Large(PLAIN, "print(s)"),),
    "req_header": (
        Large(PLAIN, "req_header('data', 're:[a-z]+#')", REGEX_SIZES),
        *_searches("req_header('data', 're:%s')", (32, 120, 4_096)),
    ),
    "reverse": (Large(PLAIN, "reverse(s)"),),
    "say": (Large(PLAIN, "say(s)"),),
    "secure_eq": (Large(PLAIN, "secure_eq(s, s)"),),
    "sha3": (Large(PLAIN, "sha3(s, 256)"),),
    "crc32c": (Large(PLAIN, "crc32c(s)"),),
    "sha1": (Large(PLAIN, "sha1(s)"),),
    "sha2": (Large(PLAIN, "sha2(s, 256)"), Large(PLAIN, "sha2(s, 512)")),
    "split": (Large(PLAIN, "split(s, '/')"), Large(PLAIN, "split(s)"), Large(PLAIN, "split(s, '')")),
    "split_as_key": (Large(PLAIN, "split_as_key(s, '/')"),),
    "substr": (Large(PLAIN, "substr(s, 2, -2)"),),
    "tobin": (Large(spread("4a"), "tobin(s)"),),
    "tohex": (Large(PLAIN, "tohex(s)"),),
    "tonumber": (Large(spread("1"), "tonumber(s)", (16, 256, 4_000)),),
    "trim": (Large(spread(" "), "trim(s)"), Large(PLAIN, "trim(s)")),
    "upper": (Large(PLAIN, "upper(s)"), Large(spread("\xe9a"), "upper(s)")),
    "url_escape": (Large(PLAIN, "url_escape(s)"), Large(spread("/"), "url_escape(s)")),
    "url_unescape": (Large(spread("%41"), "url_unescape(s)"), Large(PLAIN, "url_unescape(s)")),
    "add_req_header": (Large(PLAIN, "add_req_header('X-A', s)", (256, 4_096)),),
    "add_rsp_header": (Large(PLAIN, "add_rsp_header('X-A', s)", (256, 4_096)),),
    "add_rsp_cookie": (Large(PLAIN, "add_rsp_cookie('a', s)", (256, 4_096)),),
    "rewrite": (Large(PLAIN, "rewrite(s, 'break')", (256, 4_096)),),
    "limit_req": (Large(PLAIN, "limit_req(s, '10r/s')"),),
    "set_cache_ttl": (
        Large(spread("404=1,"), "set_cache_ttl('code', concat(s, '500=0'))", (16, 256, 4_000)),
    ),
    "rand_bytes": (Large(PLAIN, "rand_bytes(len(s))"),),
}

SETS: Final[dict[str, tuple[str, ...]]] = {
    "arr_concat": ("arr_concat(d, ',')",),
    "arr_insert": ("arr_insert(d, 'x')", "arr_insert(d, 'x', 1)"),
    "arr_remove": ("arr_remove(d, 1)",),
    "arr_sort": ("arr_sort(d)",),
    "encode_args": ("encode_args(['k' = d])", "encode_args(d)"),
    "foreach": ("foreach(d, nothing, d)",),
    "get": ("get(d, 7)",),
    "json_enc": ("json_enc(d)",),
    "set": ("set(d, 3, 'x')",),
}
"""Calls on an array `d` of texts in no order, made anew for each."""

ANSWERED_BY_HOST: Final = frozenset(
    {f"{whose}_{what}" for whose in ("client", "ip") for what in ("country", "region", "city", "isp")}
    | {"limit_req", "limit_conn", "metric_incr"}
)

OPERATIONS: Final[dict[str, tuple[str, str]]] = {
    "assign a variable": ("x = s", ""),
    "assign a constant": ("x = 'text'", ""),
    "read $uri": ("x = $uri", ""),
    "read $arg_x": ("x = $arg_x", ""),
    "read $http_data": ("x = $http_data", ""),
    "array literal": ("x = [s, s, s, s]", ""),
    "dictionary literal": ("x = ['a' = s, 'b' = s]", ""),
    "if": ("if s {\n x = s\n}", "x = s"),
    "and": ("x = and(s, s)", ""),
    "or": ("x = or($arg_none, s)", ""),
    "function call": ("nothing()", ""),
    "function as a value": ("x = nothing", ""),
    "for, 16 rounds": ("for k, v in d {\n x = v\n}", ""),
}
"""A statement, and what of it is not to be timed."""
