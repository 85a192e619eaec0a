"""Names a response may be purged by."""

from runtime.http.tags import MAX_TAG_BYTES, MAX_TAGS, tags_of
from tests.http.notation import fields, table


@table(
    "response tags",
    [
        ("none", "A: b", ()),
        ("with commas", "Cache-Tag: a, b ,c", ("a", "b", "c")),
        ("with blanks", "Surrogate-Key: a  b", ("a", "b")),
        ("with both", "Surrogate-Key: a, b c", ("a", "b c")),
        ("each once, lines in order", "Cache-Tag: b | surrogate-key: a b | Cache-Tag: c", ("b", "a", "c")),
        ("case counts", "Cache-Tag: a, A", ("a", "A")),
        ("empty ones are none", "Cache-Tag: , ,", ()),
        ("as long as this", "Cache-Tag: " + "a" * MAX_TAG_BYTES + ", b", ("a" * MAX_TAG_BYTES, "b")),
        ("no longer", "Cache-Tag: " + "a" * (MAX_TAG_BYTES + 1) + ", b", None),
        ("parts without end", "Cache-Tag: " + "," * 10_000, None),
    ],
)
def test_tags(response, tags):
    assert tags_of(fields(response)) == tags


def test_scripts_come_first_and_count_among_the_most_there_may_be():
    many = [(b"Cache-Tag", b",".join(b"%d" % number for number in range(MAX_TAGS - 1)))]
    found = tags_of(many, ["x", ""])
    assert found is not None
    assert len(found) == MAX_TAGS
    assert found[:2] == ("x", "0")
    assert tags_of(many, ["x", "y"]) is None
    assert tags_of([*many, (b"xkey", b"0 1 2")], ["x"]) == found
