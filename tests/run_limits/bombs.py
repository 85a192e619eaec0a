"""
Scripts made to hang a worker or to fill it up: what each is after, its text, and the limit that ends it.

`rounds(body, n)` goes `20 ** n` times round `body`, with loop variables i0, i1, ...
"""

from typing import NamedTuple


class Bomb(NamedTuple):
    name: str
    source: str
    limit: str
    """The field of `Limits` that ends it where no clock runs; '' where it harmlessly comes to its end."""


TWENTY = ",".join("x" * 20)


def rounds(body: str, depth: int = 3) -> str:
    for level in range(depth):
        body = f"for i{level}, v{level} in twenty {{\n{body}\n}}"
    return f"twenty = split('{TWENTY}', ',')\n{body}\n"


def doubled(start: str, times: int = 20) -> str:
    """The variable s, as long as `start` times 2 to the power of `times`, or as far as it gets."""
    return f"s = '{start}'\nfor i, v in split('{','.join('x' * times)}', ',') {{ s = concat(s, s) }}\n"


MEBIBYTE = doubled("abcdefgh", 17)
KIBIBYTES_64 = doubled("a", 16)
ARRAYS = doubled("[0],", 17)
TWELVE = "for i, v in split('x,x,x,x,x,x,x,x,x,x,x,x', ',') { arr_insert(d, concat(s, i)) }\n"

BOMBS = [
    Bomb("a string that doubles", doubled("abcdefgh"), "value_bytes"),
    Bomb("a string of many parts", rounds("s = concat(tostring(s), 'xxxxxxxxx', tostring(s))"), "value_bytes"),
    Bomb("format with the widest columns", rounds("s = concat(tostring(s), format('%99s%99s%99s', 1, 2, 3))"), "total_bytes"),
    Bomb("format with a precision", "s = format('%.99f', '1e308')\n" + rounds("t = concat(s, s, s, s, s)", 4), "total_bytes"),
    Bomb("large strings kept", doubled("abcdefgh", 16) + "d = []\n" + rounds("arr_insert(d, concat(s, i0))"), "total_bytes"),
    Bomb("small strings kept", "d = []\n" + rounds("arr_insert(d, format('%99s%99s', i0, i1))", 4), "fuel"),
    Bomb("both kept", doubled("abcdefgh", 16) + "d = []\n" + TWELVE
         + rounds("arr_insert(d, format('%99s%99s', i0, i1))", 4), "fuel"),
    Bomb("tohex and reverse", "s = 'abcdefgh'\n" + rounds("s = reverse(tohex(s))"), "value_bytes"),
    Bomb("Base64", "s = 'abcdefgh'\n" + rounds("s = base64_enc(concat(s, s))"), "value_bytes"),
    Bomb("percent-encoding", "s = '////////'\n" + rounds("s = url_escape(concat(s, s))"), "fuel"),
    Bomb("letters in upper case", MEBIBYTE + rounds("s = upper(s)"), "total_bytes"),
    Bomb("random bytes", "s = rand_bytes(100000000)\n", "value_bytes"),
    Bomb("random bytes, bit by bit", "d = []\n" + rounds("arr_insert(d, rand_bytes(200))", 4), "fuel"),
    Bomb("pieces of a large string", MEBIBYTE.replace("abcdefgh", "a,a,a,a,") + "d = split(s, ',')\n", "dictionary_entries"),
    Bomb("bytes of a large string", MEBIBYTE + "d = split(s, '')\n", "dictionary_entries"),
    Bomb("pieces again and again", rounds("d = split('a,b,c,d,e,f,g,h,i,j', ',')", 4), "dictionary_entries"),
    Bomb("appending", "d = []\n" + rounds("arr_insert(d, 'x')", 4), "dictionary_entries"),
    Bomb("inserting in front", "d = []\n" + rounds("arr_insert(d, 'x', 1)", 4), "fuel"),
    Bomb("new keys", "d = []\n" + rounds("set(d, concat(i0, '-', i1, '-', i2, '-', i3), i0)", 4), "fuel"),
    Bomb("dictionaries in dictionaries", "d = []\n" + rounds("d = [d]", 4), "dictionary_entries"),
    Bomb("dictionaries twice in dictionaries, as JSON", "d = ['a']\n" + rounds("d = [d, d]", 1) + "s = json_enc(d)\n", "fuel"),
    Bomb("a dictionary that holds itself, as JSON", "d = ['a' = 1]\nset(d, 'self', d)\n" + rounds("s = json_enc(d)"), "fuel"),
    Bomb("a dictionary that holds itself, as text", "d = ['a' = 1]\nset(d, 'self', d)\n" + rounds("s = tostring(d)"), ""),
    Bomb("a callback that builds", "def visit(k, v, d) {\n    arr_insert(d, split('a,b,c,d', ','))\n}\nd = []\n"
         + rounds("foreach(['a', 'b', 'c', 'd', 'e'], visit, d)"), "dictionary_entries"),
    Bomb("a callback that grows what is walked", "def visit(k, v, d) {\n    arr_insert(d, split('a,b', ','))\n}\nd = ['a']\n"
         + rounds("foreach(d, visit, d)"), "dictionary_entries"),
    Bomb("JSON of many arrays", ARRAYS + "d = json_dec(concat('[', s, '0]'))\n", "dictionary_entries"),
    Bomb("JSON of many levels", doubled("[", 19) + "d = json_dec(s)\n", ""),
    Bomb("query arguments", doubled("a=1&b&a=2&", 16) + "d = decode_args(s)\n" + rounds("d = decode_args(s)"), "fuel"),
    Bomb("query arguments written", doubled("////////", 12) + rounds("t = encode_args(['a' = [s, s, s, s, s, s], 'b' = s])"), "fuel"),
    Bomb("a list joined by what is large", doubled("abcdefgh", 14) + "t = arr_concat([s, s, s, s, s, s, s, s, s, s], s)\n", "value_bytes"),
    Bomb("output at once", MEBIBYTE + "say(s)\nsay(s)\n", "output_bytes"),
    Bomb("output bit by bit", rounds("say('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')", 4), "output_bytes"),
    Bomb("header fields", doubled("abcdefgh", 10) + rounds("add_rsp_header(concat('X-', i0, i1, i2), s)"), "header_operations"),
    Bomb("cookies", rounds("add_rsp_cookie(concat('c', i0, i1, i2), 'x')"), "header_operations"),
    Bomb("a long match remembered, beside much that is kept", doubled("abcdefgh", 16) + "d = []\n" + TWELVE
         + rounds("arr_insert(d, format('%99s%99s', i0, i1))") + doubled("ab", 15)
         + "arr_insert(d, capture_re(s, '^(?:(a)|(bc?))+$'))\n", "fuel"),
    Bomb("groups of a large text", KIBIBYTES_64 + "d = []\n" + rounds("arr_insert(d, capture_re(s, '((((((((((.*))))))))))'))"), "total_bytes"),
    Bomb("a subject of a mebibyte", MEBIBYTE + "gsub_re(s, '(x+x+)+y|a', '')\n", "regex_bytes"),
    Bomb("replacements one by one", KIBIBYTES_64 + "gsub_re(s, '(a+?)(b?)', '$2$1')\ngsub_re(s, '(x+x+)+y|a', '$0$0')\n", "fuel"),
    Bomb("searches that look ahead", KIBIBYTES_64 + "gsub_re(s, 'a(.*b)?', '')\n", "fuel"),
    Bomb("a replacement that grows", "s = 'aaaaaaaa'\n" + rounds("s = gsub_re(s, 'a', '$0$0$0$0')", 1), "regex_bytes"),
    Bomb("groups all open at once", KIBIBYTES_64 + "d = capture_re(s, '" + "(.*?)" * 40 + "$')\n", "fuel"),
    Bomb("a large pattern on a large text", KIBIBYTES_64 + "match_re(s, 'a(.{60})(.{60})c')\n", "regex_bytes"),
    Bomb("a slow search, again and again", KIBIBYTES_64 + rounds("match_re(s, '(?i)bot|spider|crawl')"), "fuel"),
    Bomb("a slow search of little, again and again", doubled("a", 7) + rounds("match_re(s, '(?=[a-c]{30}#)a')", 4), "fuel"),
    Bomb("a slow search by a pattern that is made", doubled("a", 7) + rounds("match_re(s, concat('a?a?a?', 'x'))", 4), "fuel"),
    Bomb("a search that RE2 makes states for", "d = rand_bytes(32000)\n" + rounds("match_re(tohex(d), '[0-7].{30}#')"), "fuel"),
    Bomb("patterns never seen before", rounds("match_re('aaaa', concat('x', i0, '_', i1, '_', i2, '(a|b|c|d|e|f){1,500}'))"), "wall_clock_s"),
    Bomb("recursion", "def f() {\n    f()\n}\nf()\n", "call_depth"),
    Bomb("recursion with strings", "def f(s) {\n    return f(concat(s, s, 'x'))\n}\nf('aaaaaaaa')\n", "value_bytes"),
    Bomb("recursion with dictionaries", "def f(d) {\n    return f([d, d, split('a,b,c', ',')])\n}\nf([])\n", "call_depth"),
    Bomb("calls", "def f() {\n}\n" + rounds("f()\nf()", 4), "calls"),
    Bomb("rounds", rounds("i = 1", 4), "total_loop_rounds"),
    Bomb("digests of a large string", MEBIBYTE + rounds("t = md5(s)", 2), "fuel"),
    Bomb("AES of a large string", MEBIBYTE + "o = aes_new(['key' = 'k', 'cipher_len' = 256, 'cipher_mode' = 'cbc'])\n"
         + rounds("t = aes_enc(o, s)", 2), "value_bytes"),
]  # fmt: skip
