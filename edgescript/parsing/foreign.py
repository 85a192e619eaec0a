"""Words and signs of other languages, and what says the same here. `mistakes` tells of them."""

from typing import Final

OPERATORS: Final = {
    "==": "eq(a, b)",
    "===": "eq(a, b)",
    "!=": "ne(a, b)",
    "!==": "ne(a, b)",
    "~=": "ne(a, b)",
    "<>": "ne(a, b)",
    "<": "lt(a, b)",
    "<=": "le(a, b)",
    ">": "gt(a, b)",
    ">=": "ge(a, b)",
    "&&": "and(a, b)",
    "&": "and(a, b)",
    "||": "or(a, b), which gives true or false; for a default use an if",
    "|": "or(a, b)",
    "!": "not(a)",
    "+": "add(a, b), or concat(a, b) for texts",
    "-": "sub(a, b)",
    "*": "mul(a, b)",
    "/": "div(a, b)",
    "%": "mod(a, b)",
    "..": "concat(a, b)",
    "+=": "a = add(a, b), or a = concat(a, b) for texts",
    "-=": "a = sub(a, b)",
    "*=": "a = mul(a, b)",
    "/=": "a = div(a, b)",
    "%=": "a = mod(a, b)",
    "++": "a = add(a, 1)",
    "=>": "'=' in a dictionary, def for a function",
    "->": "def for a function",
    "?": "an if block",
    "^": "a function",
    "~": "match_re(a, 'pattern')",
}

FOREIGN_STATEMENTS: Final = {
    "while": "walk a dictionary with 'for k, v in d {'",
    "until": "walk a dictionary with 'for k, v in d {'",
    "loop": "walk a dictionary with 'for k, v in d {'",
    "do": "walk a dictionary with 'for k, v in d {'",
    "break": "put the loop into a function and return from it",
    "continue": "put the rest of the loop's block into an if block",
    "switch": "use if blocks, or a dictionary and get",
    "case": "use if blocks, or a dictionary and get",
    "unless": "write 'if not(...) {'",
    "end": "close a block with a brace",
    "endif": "close a block with a brace",
    "then": "begin a block with a brace",
    "import": "all functions are there already",
    "require": "all functions are there already",
    "try": "test values before they are used",
    "throw": "end the request with exit(code)",
    "class": "keep values in a dictionary",
    "catch": "test values before they are used",
    "except": "test values before they are used",
    "finally": "test values before they are used",
    "pass": "a block may be empty, or hold a comment",
    "async": "write 'def name(a) {': every call waits for its result",
    "await": "every call waits for its result",
}
DIRECTIVES: Final = {
    "set": "an assignment: x = 'a', or set(d, 'k', 'v') for an entry",
    "location": "if match_re($uri, '^/...') {",
    "server": "req_host('a.example') in an if",
    "add_header": "add_rsp_header(name, value)",
    "more_set_headers": "add_rsp_header(name, value)",
    "proxy_set_header": "add_req_header(name, value)",
    "proxy_pass": "nothing: the origin is asked anyway",
    "proxy_hide_header": "del_rsp_header(name)",
    "rewrite": "rewrite(url, 'break') or rewrite(url, 'redirect')",
    "expires": "set_cache_ttl('path', seconds)",
    "proxy_cache_valid": "set_cache_ttl('code', '200=60')",
    "deny": "exit(403) in an if",
    "allow": "an if around exit(403)",
    "error_page": "exit(code, body)",
    "limit_rate": "limit_rate(n, 'k')",
    "default_type": "add_rsp_header('Content-Type', type)",
    "include": "one script: there are no includes",
}
"""Directives of nginx, and what says the same here."""
LIBRARIES: Final = {
    "ngx": "a function: exit(403), add_rsp_header(name, value)",
    "string": "a function: upper(s), find(s, t), format(f, ...)",
    "table": "a function: arr_insert(d, v), arr_concat(d, ',')",
    "math": "a function: floor(n), mod(a, b)",
    "Math": "a function: floor(n), rand(1, 6)",
    "json": "a function: json_dec(text), json_enc(d)",
    "JSON": "a function: json_dec(text), json_enc(d)",
    "os": "a function: time(), today()",
    "re": "a function: match_re(s, 'pattern'), capture_re(s, 'pattern')",
    "request": "$uri, $http_name, $arg_name, req_method()",
    "req": "$uri, $http_name, $arg_name, req_method()",
    "response": "add_rsp_header(name, value), exit(code, body)",
    "res": "add_rsp_header(name, value), exit(code, body)",
    "console": "say(text)",
}
"""Names before a dot in other languages, and what is meant by them here."""
OPERATOR_WORDS: Final = frozenset(
    {"and", "or", "eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "mul", "div", "mod"}
)
SEARCHES: Final = {
    "in": "or(eq(a, 'x'), eq(a, 'y')), or get(['x' = true, 'y' = true], a)",
    "is": "eq(a, b); not(a) asks whether a is undef or false",
}
"""Words between two values that no one function stands for."""
HYPHENATED: Final = {
    "http": "$http_{underlines}",
    "arg": "req_uri_arg('{hyphens}')",
    "cookie": "req_cookie('{hyphens}')",
}
ELIF: Final = frozenset({"elif", "elseif", "elsif"})
FUNCTION: Final = frozenset({"function", "func", "fn", "sub"})
DECLARE: Final = frozenset({"local", "var", "let", "const", "my"})
