"""The name an author probably meant."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

MAX_CANDIDATES: Final = 1000
MAX_WORD: Final = 40
"""Longer words are not typing mistakes, and the distance is quadratic in the length."""

FOREIGN_FUNCTIONS: Final = {
    "add_header": "add_rsp_header",
    "append": "arr_insert",
    "atoi": "tonumber",
    "b64decode": "base64_dec",
    "b64encode": "base64_enc",
    "contains": "find",
    "count": "arr_len",
    "decodeuri": "url_unescape",
    "decodeuricomponent": "url_unescape",
    "die": "exit",
    "echo": "say",
    "encodeuri": "url_escape",
    "encodeuricomponent": "url_escape",
    "empty": "null",
    "endswith": "match_re",
    "ends_with": "match_re",
    "explode": "split",
    "get_cookie": "req_cookie",
    "get_header": "req_header",
    "get_query": "req_uri_arg",
    "gsub": "gsub_re",
    "hmac_sha256": "hmac",
    "implode": "arr_concat",
    "includes": "find",
    "indexof": "find",
    "index_of": "find",
    "int": "tonumber",
    "join": "arr_concat",
    "json_decode": "json_dec",
    "json_encode": "json_enc",
    "length": "len",
    "match": "match_re",
    "md5_hex": "md5",
    "parseint": "tonumber",
    "printf": "format",
    "pop": "arr_remove",
    "push": "arr_insert",
    "redirect": "rewrite",
    "regex_match": "match_re",
    "remove_header": "del_rsp_header",
    "replace": "gsub_re",
    "set_cookie": "add_rsp_cookie",
    "set_header": "add_rsp_header",
    "set_req_header": "add_req_header",
    "set_request_header": "add_req_header",
    "set_resp_header": "add_rsp_header",
    "set_response_header": "add_rsp_header",
    "set_rsp_header": "add_rsp_header",
    "sha256": "sha2",
    "size": "len",
    "sort": "arr_sort",
    "sprintf": "format",
    "starts_with": "match_re",
    "startswith": "match_re",
    "str": "tostring",
    "str_len": "len",
    "strlen": "len",
    "strpos": "find",
    "strip": "trim",
    "substring": "substr",
    "to_lower": "lower",
    "to_number": "tonumber",
    "to_string": "tostring",
    "to_upper": "upper",
    "tolower": "lower",
    "tolowercase": "lower",
    "toupper": "upper",
    "touppercase": "upper",
    "typeof": "type",
    "urldecode": "url_unescape",
    "urlencode": "url_escape",
}
"""What other languages call a builtin."""

_PRESENCE: Final = "a value that is there is true: 'if x {', and not(x) asks whether it is undef or false"
FOREIGN_ADVICE: Final = {
    "isset": _PRESENCE,
    "defined": _PRESENCE,
    "exists": _PRESENCE,
    "is_null": _PRESENCE,
    "isnull": _PRESENCE,
    "is_none": _PRESENCE,
    "pairs": "a loop walks a dictionary as it is: for k, v in d {",
    "ipairs": "a loop walks a dictionary as it is: for k, v in d {",
    "range": "a loop walks a dictionary: for k, v in ['a', 'b'] {",
    "in_array": "ask a dictionary by key: get(['a' = true, 'b' = true], x)",
}
"""What other languages have functions for, and this one has not."""

FOREIGN_VARIABLES: Final = {
    "client_ip": "remote_addr",
    "cookies": "cookie_NAME",
    "ip": "remote_addr",
    "method": "request_method",
    "path": "uri",
    "query": "args",
    "query_string": "args",
    "referer": "http_referer",
    "referrer": "http_referer",
    "url": "uri",
    "user_agent": "http_user_agent",
    "useragent": "http_user_agent",
}
"""What other languages and servers call a built-in variable."""

_NONE: Final[Mapping[str, str]] = {}


def nearest(word: str, candidates: Iterable[str], foreign: Mapping[str, str] = _NONE) -> str:
    """
    The candidate nearest to `word`, or '' when none is near.

    Near is: what `foreign` says of it in small letters; equal but for case; at most a third of the letters mistyped (swapped
    neighbours count once); or one the beginning of the other, of three letters at least.
    """
    if len(word) > MAX_WORD:
        return ""
    lower = word.lower()
    pool = [candidate for candidate in islice(candidates, MAX_CANDIDATES) if candidate != word]
    if foreign.get(lower) in pool:
        return foreign[lower]
    best, best_distance = "", max(1, len(word) // 3) + 1
    for candidate in pool:
        other = candidate.lower()
        if abs(len(other) - len(lower)) >= best_distance:
            continue
        distance = _distance(lower, other)
        if distance < best_distance:
            best, best_distance = candidate, distance
    if best:
        return best
    beginnings = [
        name
        for name in pool
        if min(len(name), len(word)) >= 3 and (word.startswith(name) or name.startswith(word))
    ]
    return min(beginnings, key=lambda name: (abs(len(name) - len(word)), name), default="")


def _distance(a: str, b: str) -> int:
    """Edits from `a` to `b`: insert, delete, replace, swap neighbours (optimal string alignment)."""
    before_last: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        before_last, last = last, row
    return last[-1]
