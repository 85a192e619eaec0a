"""Places of keys and values: what stands at a place reads as the value that tomllib found under the path."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.config.places import Places

TEXT = """\
# a comment = 1
a = 1 # b = 2
"quoted key" = 'x'
'lit.eral'."b\\u0062" = "é # no [comment]"
many = [
  1, # one
  [2, 3],
  { x = 4, y.z = "}" }, 'a]',
]
empty = []
text = \"\"\"
[not.a.table]
k = 1 \\\"\"\"
\"\"\"\"
more = '''
'a' ''b''
'''''
when = 1979-05-27 07:32:00Z   # a time
[table]
k = true
[ table . sub ]
k = 1.5e3
[[array]]
k = 1
[array.inner]
k = 2
[[array.deep]]
k = 3
[[array.deep]]
k = 4
[[array]]
k = 5
[[array.deep]]
k = 6
"""


def leaves(value, path=()):
    """Every path to something, tables and lists among them."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, (*path, index))
    if not isinstance(value, dict):
        yield path, value


def assert_found(text):
    parsed = tomllib.loads(text)
    held = text.encode().decode("latin-1")
    places = Places(held)
    for path, value in leaves(parsed):
        if isinstance(value, list) and value and path not in places._values:
            continue  # an array of tables, in pieces
        span = places.find(path, of_key=False)
        found = held[span.start : span.end].encode("latin-1").decode()
        assert tomllib.loads(f"v = {found}")["v"] == value, path


def test_every_value_stands_where_it_is_said_to():
    assert_found(TEXT)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("a",), "a"),
        (("quoted key",), '"quoted key"'),
        (("lit.eral", "bb"), '"b\\u0062"'),
        (("many", 2, "y", "z"), "z"),
        (("array",), "array"),
        (("array", 0, "inner", "k"), "k"),
        (("array", 0, "deep", 1), "deep"),
        (("array", 1, "deep", 0, "k"), "k"),
        (("table", "sub"), "sub"),
        (("table", "none"), "table"),
        (("array", 1, "none", "none"), "array"),
    ],
)
def test_keys_and_what_holds_a_missing_one(path, found):
    span = Places(TEXT.encode().decode("latin-1")).find(path, of_key=True)
    assert TEXT.encode()[span.start : span.end].decode() == found


def test_entries_of_arrays_of_tables_are_told_apart():
    places = Places(TEXT.encode().decode("latin-1"))
    paths = [("array", 0, "k"), ("array", 0, "deep", 0, "k"), ("array", 0, "deep", 1, "k"), ("array", 1, "k")]
    starts = [places.find(path, of_key=False).start for path in paths]
    assert starts == sorted(set(starts))


def test_what_is_nowhere_has_no_place():
    assert Places("a = 1").find(("b", "c"), of_key=False) is None


KEYS = st.one_of(st.text("abc-_1", min_size=1, max_size=3), st.text(min_size=0, max_size=3))
STRINGS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
SCALARS = st.one_of(st.booleans(), st.integers(-9, 9), STRINGS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=6,
)


def key_text(key):
    if key.isascii() and key.replace("-", "").replace("_", "").isalnum():
        return key
    return (
        '"'
        + "".join(f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}" for char in key)
        + '"'
    )


def value_text(value, gap):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        if "'" not in value and len(value) % 2:
            return f"'{value}'"
        return f'"""{escaped}"""' if len(value) % 3 == 2 else f'"{escaped}"'
    if isinstance(value, list):
        comma = ',\n# ], "\n' if gap else ", "
        return f"[{comma.join(value_text(each, gap) for each in value)}{gap}]"
    pairs = [f"{key_text(key)}={gap.strip(chr(10))}{value_text(each, '')}" for key, each in value.items()]
    return "{ " + ", ".join(pairs) + " }"


TABLES = st.dictionaries(KEYS, VALUES, max_size=3)


@given(
    st.lists(st.tuples(st.sampled_from("pq"), TABLES, st.sampled_from(["", " ", "\n"])), max_size=4), TABLES
)
def test_every_value_of_any_file_stands_where_it_is_said_to(entries, top):
    lines = [
        f"{key_text(key)} = {value_text(value, '')}" for key, value in top.items() if key not in {"p", "q"}
    ]
    for name, table, gap in entries:
        lines += [f"[[{name}]] # {{"]
        lines += [
            f"{gap if gap != chr(10) else ''}{key_text(key)} ={value_text(value, gap)}"
            for key, value in table.items()
        ]
    assert_found("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "text", ["a=[}", "a={b=}", "a=[1 2", "[", "[[a]", "a", "=", "a=", 'a="', "a=[,]", "[]=1"]
)
def test_what_tomllib_refuses_is_left(text):
    Places(text).find(("a", 0), of_key=False)


@given(st.text("a.[]{}=\"'#\\\n,1 ", max_size=40))
def test_any_text_is_gone_through(text):
    Places(text).find(("a", 0), of_key=False)
