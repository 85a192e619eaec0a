"""Any replacement of gsub_re: both engines fill it alike, and as one that goes match by match."""

from edgescript.regex import RegexError, RegexLimitError, Template, compile_pattern
from tests.fuzz.reader import Reader

PATTERNS = ("a", "(a)(b)?", "([a-z])-([0-9]*)", "x*", "(?:a|(b))+?c", ".*a")
LIMIT_BYTES = 4096


def run(data: bytes) -> None:
    take = Reader(data)
    pattern, text, subject = compile_pattern(take.pick(PATTERNS)), take.text(), take.text()
    try:
        template = Template(text)
    except RegexError:
        return
    try:
        replaced = pattern.sub(template, subject, LIMIT_BYTES)
    except RegexLimitError:
        return
    assert len(replaced) <= LIMIT_BYTES
    assert replaced == one_by_one(pattern, template, subject)


def one_by_one(pattern, template, subject) -> str:
    """Every match searched for by itself; after an empty one the search goes on a byte further."""
    out, copied, begin = "", 0, 0
    while (match := pattern.search(subject, begin)) is not None:
        start, end = match.span(0)
        spans = [match.span(index) for index in range(pattern.groups + 1)]
        out += subject[copied:start] + template.fill(subject, spans)
        copied = end
        begin = end + (start == end)
    return out + subject[copied:]
