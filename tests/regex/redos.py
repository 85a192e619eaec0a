"""
Patterns known to hang backtracking matchers, each with a text that does it: `prefix + pump * n + suffix`.

Collected from advisories (named by CVE where there is one), from OWASP's page on ReDoS and from papers on it; the
texts are the published attacks or follow from them.
"""

from typing import NamedTuple


class Attack(NamedTuple):
    name: str
    pattern: str
    prefix: str
    pump: str
    suffix: str
    options: str = ""

    def subject(self, size: int) -> str:
        return self.prefix + self.pump * (size // len(self.pump)) + self.suffix


ATTACKS = [
    Attack("nested plus", r"^(a+)+$", "", "a", "!"),
    Attack("nested plus, unanchored", r"(a+)+$", "", "a", "!"),
    Attack("nested star", r"^(a*)*$", "", "a", "!"),
    Attack("star of class plus", r"^([a-zA-Z]+)*$", "", "a", "!"),
    Attack("overlapping arms", r"^(a|aa)+$", "", "a", "!"),
    Attack("optional arm", r"^(a|a?)+$", "", "a", "!"),
    Attack("equal arms", r"^(a|a)*$", "", "a", "!"),
    Attack("bounded inside star", r"^(.*a){11}$", "", "a", "!"),
    Attack("bounded inside star, twelve", r"(.*a){12}", "", "a", "!"),
    Attack("adjacent stars", r"^a*a*a*a*a*b$", "", "a", "!"),
    Attack("adjacent any", r".*.*=.*", "", "x", "\n"),
    Attack("x plus x plus plus y", r"(x+x+)+y", "", "x", "z"),
    Attack("three nested levels", r"^((a+)+)+$", "", "a", "!"),
    Attack("lazy nested", r"^(a+?)+?$", "", "a", "!"),
    Attack("optional a, thirty times", r"^(a?){30}a{30}$", "", "a", "!"),
    Attack("nested with separators", r"^(\w+\s?)*$", "", "aaaa ", "!"),
    Attack("words with optional comma", r"^([a-z]+,?)+$", "", "a", "!"),
    Attack("nested digits", r"^(\d+)*$", "", "1", "x"),
    Attack("late failing digits", r"\d+\.", "", "1", ""),
    Attack("late failing any", r"a.*b", "", "a", ""),
    Attack("two any", r"^.*a.*b.*c$", "", "ab", ""),
    Attack("trailing spaces (Stack Overflow, 2016)", r"\s+$", "x", " ", "x"),
    Attack("trim both ends", r"^[\s\xa0]+|[\s\xa0]+$", "x", " ", "x"),
    Attack("trim in groups", r"^\s*(.*?)\s*$", "", " ", "\nx"),
    Attack(
        "WAF rule (Cloudflare, 2019)",
        r"(?:(?:\"|'|\]|\}|\\|\d|(?:nan|infinity|true|false|null|undefined|symbol|math)|\`|\-|\+)+[)]*;?"
        r"((?:\s|-|~|!|{}|\|\||\+)*.*(?:.*=.*)))",
        "x",
        "=x",
        "",
    ),
    Attack(
        "e-mail (OWASP)",
        r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
        "",
        "a",
        "!",
    ),
    Attack("e-mail, nested local part", r"^([a-zA-Z0-9_.-]+)+@([a-z0-9-]+\.)+[a-z]{2,}$", "", "a", "!"),
    Attack("e-mail, dotted domain", r"^[^@]+@([a-z0-9]+[.-]?)+\.[a-z]+$", "a@", "a", "!"),
    Attack("Java class name (OWASP)", r"^(([a-z])+.)+[A-Z]([a-z])+$", "", "a", "!"),
    Attack("person name", r"^[a-zA-Z]+(([\'\,\.\- ][a-zA-Z ])?[a-zA-Z]*)*$", "", "a", "!"),
    Attack(
        "URL with nested path",
        r"^(https?://)?([\da-z.-]+)\.([a-z.]{2,6})([/\w .-]*)*/?$",
        "http://a.co/",
        "a",
        "!",
    ),
    Attack("URL query pairs", r"^\?([^=]+=[^&]*&?)+$", "?", "a=a", "\n!"),
    Attack("host labels", r"^([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,}$", "", "a", "!"),
    Attack("path segments", r"^(/[\w.-]*)*/?index\.html$", "", "/a", "!"),
    Attack("path segments, any", r"^(.+/)+file$", "", "a/", "!"),
    Attack("quoted strings", r'"(\\.|[^"])*"', '"', "\\a", ""),
    Attack("quoted strings, overlapping", r'^"(\\?.)*"$', '"', "\\a", "!"),
    Attack("comments", r"/\*(.|\s)*?\*/", "/*", " ", ""),
    Attack("HTML tags", r"<([a-z]+)(?:\s+[^>]*)*>", "<a ", " a", ""),
    Attack("HTML attributes", r"<\w+(\s+\w+(\s*=\s*(?:\".*?\"|'.*?'|[^'\">\s]+))?)+\s*/?>", "<a ", "a ", "!"),
    Attack("CSV fields", r"^(([^,]*),?)*;$", "", "a,", "!"),
    Attack("numbers with groups", r"^\d{1,3}(,?\d{3})*(\.\d+)?$", "1", "111", "x"),
    Attack("decimal, ambiguous", r"^\d*[.,]?\d*[.,]?\d*$", "", "1", "x"),
    Attack("dates", r"^(\d+[-/.]?)+ (\d+:?)+$", "", "1", "x"),
    Attack("HTTP date parts", r"(?:[^;]*;)*\s*expires=([^;]*);", "", "a;", ""),
    Attack("CVE-2015-8854 (marked, emphasis)", r"^_((?:__|[\s\S])+?)_(?!_)", "_", "__", "!"),
    Attack("CVE-2016-10540 (minimatch)", r"^(?:(?:[^/]*?)+)$", "", "a", "/\n!"),
    Attack("CVE-2017-15010 (tough-cookie)", r"^(([^=;]+))\s*=\s*([^\n\r\0]*)", "x", " ", ""),
    Attack("CVE-2017-16021 (uri-js)", r"^([a-z0-9._~!$&'()*+,;=:-]*)*@", "", "a", ""),
    Attack("CVE-2017-16137 (debug)", r"\s*\n\s*", "", " ", "x"),
    Attack(
        "CVE-2017-16086 (ua-parser-js)",
        r"ip[honead]+(?:.*os\s(\w+)*\slike\smac|;\sopera)",
        "iphone os ",
        "a",
        "!",
    ),
    Attack("CVE-2018-1109 (braces)", r"^\{(,+(?:(\{,+\})*),*|,*(?:(\{,+\})*),+)\}", "{", ",", "!"),
    Attack(
        "CVE-2020-7662 (websocket-extensions)",
        r"\"((?:\\[\x00-\x7f]|[^\x00-\x08\x0a-\x1f\x7f\"])*)\"",
        '"',
        "\\a",
        "",
    ),
    Attack(
        "CVE-2020-8492 (WWW-Authenticate)",
        r"(?:.*,)*[ \t]*([^ \t]+)[ \t]+realm=([\"']?)([^\"']*)",
        "",
        ",",
        "\n",
    ),
    Attack("CVE-2021-3749 (axios, trim)", r"^\s*|\s*$", "x", " ", "x"),
    Attack(
        "CVE-2021-3807 (ansi-regex)",
        r"[\x1b\x9b][[\]()#;?]*(?:(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x07)|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-ntqry=><~]))",
        "\x1b[",
        ";",
        "!",
    ),
    Attack("CVE-2021-23343 (path-parse)", r"^(((?:[^/]*)/)*)([^/]*?)$", "", "/", "\n!"),
    Attack("CVE-2022-25883 (semver)", r"(\s*)([<>]?=?\s*)([v=\s]*)(\d+)", "", " ", "x"),
    Attack(
        "CVE-2022-37601 (loader-utils)",
        r"\[(?:([^:\]]+):)?(?:([^:\]]+):)?contenthash(?::([a-z]+\d*))?\]",
        "",
        "[",
        "",
    ),
    Attack("CVE-2022-31129 (moment, comments)", r"\([^)]*\)", "", "(", ""),
    Attack("CVE-2024-45296 (path-to-regexp)", r"^/([^/]+?)-([^/]+?)/?$", "/", "-a", "/a/\n"),
    # Polynomial: two or three repeats that overlap.
    Attack("two words with a space between", r"^\w*\s*\w*$", "", "a", "!"),
    Attack("three overlapping digits", r"^\d+\d+\d+$", "", "1", "x"),
    Attack("key and value, spaces on both sides", r"^\s*(\w+)\s*=\s*(.*?)\s*;", "a=", " ", ""),
    Attack("any before any before any", r"^(.*),(.*),(.*);$", "", ",", ""),
    Attack("lazy between quotes, not closed", r"\"(.*?)\".*\"(.*?)\"$", "", '"a', "x"),
    Attack("end of line after spaces", r"[ \t]+(?:\r?\n|$)", "x", " ", "x"),
    Attack("last path segment without end", r"/+[^/]+$", "", "/a", "/"),
    # Counted repeats.
    Attack("counted in a repeat", r"^(a{1,20})*$", "", "a", "!"),
    Attack("counted pairs", r"^(?:[a-z]{1,10}[0-9]{0,5}){1,20}$", "", "a", "!"),
    Attack("counted, adjacent", r"^\w{0,30}\w{0,30}x$", "", "a", "!"),
    Attack("counted, not anchored", r"a.{60}b", "", "a", ""),
    Attack("counted gap of any", r"(a.{20})+b", "", "a", ""),
    Attack("counted twice over", r"^((a{1,8}){1,8}){1,8}$", "", "a", "!"),
    # Arms with a common beginning.
    Attack("common beginnings", r"^(?:foo|foob|fooba|foobar)*$", "", "foo", "!"),
    Attack("an arm inside an arm", r"^(?:ab|a|b)*c$", "", "ab", "!"),
    Attack("digits or words", r"^(?:\d|\w)+$", "", "1", "!"),
    Attack("escapes or any", r"^'(?:\\.|.)*'$", "'", "\\\\", ""),
    Attack("words of a list, repeated", r"^(?:(?:a|an|and)\s*)+$", "", "and", "!"),
    # Anchors and places.
    Attack("word ends in a repeat", r"^(?:\b\w+\b\s*)+$", "", "a ", "!"),
    Attack("word ends, not anchored", r"(\w+\b)+;", "", "a", ""),
    Attack("lines with an end each", r"(?m)^(\s*\w*)*$", "", "a\n", "!"),
    Attack("end of text in every arm", r"(?:a+$|a+!$|a+\?$)", "", "a", "x"),
    Attack("not inside a word", r"\B\w+\B-", "", "a", ""),
    # What no linear engine can do.
    Attack("back reference", r"^(a+)\1+$", "", "a", "!"),
    Attack("back reference by name", r"(?P<q>['\"]).*?(?P=q)", "", "'a", ""),
    Attack("look-ahead in a repeat", r"^(?:(?=a)a|a)+$", "", "a", "!"),
    Attack("password rules", r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,}$", "", "a", "!"),
    Attack("look-behind and any", r"(?<=a).*(?<=b)c", "", "ab", ""),
    Attack("look-ahead that runs on", r"(?!.*x)a", "", "a", "x"),
    Attack("recursion", r"\((?:[^()]|(?R))*\)", "", "(", ""),
    Attack("possessive, then the same", r"a*+a", "", "a", ""),
    Attack("atomic group with arms", r"^(?>a+|b)+c$", "", "a", "!"),
    # Letter case that makes sets overlap; bytes past ASCII.
    Attack("cases overlap", r"^([a-z]+|[A-Z]+)*$", "", "aA", "!", "i"),
    Attack("cases overlap, not anchored", r"(?:[a-z]+[A-Z]+)+1", "", "aA", "", "i"),
    Attack("word list in any case", r"(?:google|bing|baidu)bot.*spider", "", "gOOGLEbot", "", "i"),
    Attack("UTF-8 words", r"^(?:[\xe4-\xe9][\x80-\xbf]{2}|[\x80-\xff])+$", "", "\xe4\xb8\xad", "!"),
    Attack("any byte but, repeated", r"^(?:[^\x00-\x7f]+\s?)*$", "", "\xe9", "!"),
    Attack("no-break spaces", r"^[\s\xa0]*(.*?)[\s\xa0]*$", "", "\xa0", "\n\nx"),
    # More of what was published.
    Attack("CVE-2017-18077 (brace-expansion)", r"^(.*,)+(.+)?$", "", ",", "\n!"),
    Attack("CVE-2018-13863 (js-bson)", r"^(\+|-)?(\d+|(\d*\.\d*))?(E|e)?([-+])?(\d+)?$", "", "1", "x"),
    Attack("CVE-2020-28500 (lodash, trim)", r"^\s+|\s+$", "x", " ", "x"),
    Attack("words with a suffix", r"[a-z0-9]+(?:'(?:d|ll|m|re|s|t|ve))?(?=[^a-z]|$)", "", "a", "A"),
    Attack("native code, spaces", r"\{\s*\[native code\]\s*\}", "{", " ", "x"),
    Attack("CVE-2020-5243 (uap-core)", r"\bSmartWatch *\( *([^;]+) *; *([^;]+) *;", "SmartWatch(", " ", "z"),
    Attack("user agent, two parts before a build", r"\s(.+)\s(.+)\sbuild/", " ", "a ", ""),
    Attack(
        "CVE-2021-27290 (ssri)",
        r"^([a-z0-9]+)-([A-Za-z0-9+/=]{44,88})(\?[\x21-\x7E]*)*$",
        "sha512-" + "a" * 64,
        "?",
        "\n!",
    ),
    Attack("user agent, Android build", r"android.+[;/]\s+([a-z\s]+)\s+build", "android;", " a", "!"),
    Attack("CVE-2021-29060 (color-string)", r"^hwb\(\s*([+-]?\d*[.]?\d+)(?:deg)?\s*,", "hwb(", " ", "x"),
    Attack("CVE-2021-33502 (normalize-url)", r"^data:([^,]*?),([^#]*?)(?:#(.*))?$", "data:", ",#", "\n\n"),
    Attack("CVE-2022-24713 (rust regex, empty repeats)", r"(?:){1000}", "", "a", ""),
    Attack("CVE-2022-3517 (minimatch, braces)", r"\{.*\}", "", "{", ""),
    Attack("CVE-2023-26115 (word-wrap)", r"[\t ]*$", "x", "\t", "x"),
    Attack("CVE-2024-4067 (micromatch)", r"\{.*\}", "{", "{", ""),
    Attack("Apache mod_security score", r"(?:/\*.*?\*/|\s|\()+select", "", "/**/", ""),
]
