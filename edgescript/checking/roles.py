"""
What checks know of builtins beyond their declarations: what a call tells of its arguments, what its result looks like.

A declaration says types, effect and kinds; the rows here say meaning, such as that `not` turns a condition round. One
place, by name, so that no check has a name in its own text. Names of builtins that a registry lacks do no harm.
"""

from typing import Final, NamedTuple

from edgescript.builtins import Builtin, Effect
from edgescript.typeset import BOOLEAN, FUNCTION, NUMBER, STRING, TABLE, UNDEF

NOT: Final = "not"
AND: Final = "and"
OR: Final = "or"
LOGIC: Final = frozenset({AND, OR})
EMPTY: Final = "null"
GET: Final = "get"
TYPE: Final = "type"
TO_NUMBER: Final = "tonumber"
EQUAL: Final = "eq"
UNEQUAL: Final = "ne"
JOIN: Final = "concat"

ORDERED: Final = frozenset({"gt", "ge", "lt", "le"})
"""Comparisons beside those declared as such: of a value with itself they tell nothing either."""

TYPE_NAMES: Final = {
    "string": STRING,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "table": TABLE,
    "function": FUNCTION,
    "nil": UNDEF,
}
"""What `type` answers (reference section 3.1)."""

JOINED: Final = STRING | NUMBER | BOOLEAN
"""What `concat` takes, though it is declared for any value: undef is error 402 (U-6)."""

ABSENT: Final = frozenset(
    {"req_uri_arg", "req_cookie", "req_header", "req_first_x_forwarded", "req_uri_query_string"}
)
"""Of the questions with an optional pattern, those that answer false when what they ask for is not there."""

SELDOM_FALSE: Final = frozenset(
    {
        "json_enc",
        "http_time",
        "cookie_time",
        "today",
        "localtime",
        "utctime",
        "unixtime",
        "gsub_re",
    }
)
"""Functions whose false says that the script itself gave what cannot be done; nobody tests for it."""

ALIASES: Final = {
    "req_uri": "$uri",
    "req_host": "$host",
    "req_method": "$request_method",
    "req_scheme": "$scheme",
}
"""Questions that read the same fact as a variable, when asked without a pattern."""
PREFIX_ALIASES: Final = {"req_uri_arg": "$arg_", "req_cookie": "$cookie_", "req_header": "$http_"}
"""The same for those that are given a name."""

SOURCES: Final = {
    "capture_re": STRING,
    "find": NUMBER,
    "req_uri_seg": STRING,
    "split": STRING,
    "decode_args": STRING | TABLE | BOOLEAN,
    "json_dec": STRING | NUMBER | TABLE | BOOLEAN,
    "jwt_verify": STRING | NUMBER | TABLE | BOOLEAN,
}
"""Functions that make a dictionary, and what its entries are; an entry may be missing."""
ALL_OR_NONE: Final = frozenset({"capture_re", "find"})
"""Of these, those whose entries are there together or not at all."""
FIRST_ALWAYS: Final = frozenset({"split"})
"""Of these, those whose entry 1 is always there."""
NUMBERED: Final = frozenset({"find", "split", "req_uri_seg"})
"""Of these, those with entries from 1, none under 0."""

HOSTS: Final = frozenset({"$host", "$http_host", "$http_referer", "$http_origin", "req_host", "req_referer"})
"""Variables and functions whose text is a host or begins with one."""

POSITIONS: Final = {"substr": (1, 2), "find": (2,), "capture_re": (2,)}
"""Arguments that are positions in a text, counted from 1, by index."""

DIGESTS: Final = frozenset({"md5", "md5_bin", "sha1", "sha2", "sha3", "crc", "crc32c"})
"""Digests whose text may have a secret joined in."""
KEYED: Final = {"hmac": 0, "hmac_sha1": 0, "jwt_verify": 1}
"""Functions with a key among their arguments: its index."""
ALGORITHMS: Final = {"jwt_verify": 2}
"""Those whose key is a secret only of some algorithms: the index of the algorithm."""
KEY_ENTRIES: Final = {"aes_new": frozenset({"key"})}
"""Functions whose first argument is a dictionary with keys in it: their entries. (A salt is no secret.)"""


class Shape(NamedTuple):
    """What a value looks like: a pattern all of it fits, and the words for that."""

    pattern: str
    words: str


SHAPES: Final = {
    "$request_method": Shape(r"[^a-z]*", "methods are written in capitals"),
    "$scheme": Shape(r"https?", "the scheme is http or https"),
    "$host": Shape(r"[^A-Z/:]*(:[0-9]+)?", "a host has small letters, no scheme and no path"),
    "$uri": Shape(r"/[^?]*|\*", "the path begins with '/' and has no query"),
    "$request_uri": Shape(r"(/|https?://).*|\*", "path and query begin with '/'"),
    "$args": Shape(r"[^?].*|", "the query comes without its '?'"),
    "req_uri_query_string": Shape(r"[^?].*|", "the query comes without its '?'"),
    "req_uri_basename": Shape(r"[^./]*", "the name ends before its first dot"),
    "req_uri_ext": Shape(r"(\.[^/]*)?", "the extension begins with its dot"),
    "lower": Shape(r"[^A-Z]*", "lower leaves no capital"),
    "upper": Shape(r"[^a-z]*", "upper leaves no small letter"),
}
"""By built-in variable, or by function called without a pattern: what can equal its value."""


def is_repeatable(builtin: Builtin) -> bool:
    """Whether the same call later in the run gives the same result, if its arguments are the same."""
    return builtin.effect in {Effect.PURE, Effect.READS} and not builtin.may_end


class Late(NamedTuple):
    """Which calls of a builtin act on the request to the origin: all, or those whose parameter is one of the strings."""

    param: int = 0
    strings: frozenset[str] = frozenset()


TOO_LATE: Final = {
    "add_req_header": Late(),
    "del_req_header": Late(),
    "rewrite": Late(1, frozenset({"break", "enhance_break"})),
}
"""Builtins that can do nothing once the response's head is made (U-17)."""
