"""Cache control targeted at this kind of cache (RFC 9213), in structured fields (RFC 9651 §3.2, §4.2.2)."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.directives import MAX_DELTA_S
from runtime.http.targeted import MAX_TARGETED_BYTES, parse_targeted
from tests.http.notation import table


def said(value):
    directives = parse_targeted(value.encode("latin-1"))
    if directives is None:
        return "ignored"
    found = {name: getattr(directives, name) for name in directives.__slots__}
    return " ".join(
        name if value is True else f"{name}={value}"
        for name, value in sorted(found.items())
        if value is not None and value is not False
    )


@table(
    "value directives",
    [
        ("2.2", "max-age=60", "max_age=60"),
        ("2.2 several", "max-age=60, must-revalidate,private", "max_age=60 must_revalidate private"),
        ("2.2 RFC 5861", "stale-if-error=5, max-age=0", "max_age=0 stale_if_error=5"),
        ("2.1 unknown directives", "foobar, max-age=60, x=(1 2);q=1, y=:aGk=:", "max_age=60"),
        ("2.1 unknown directives alone", "foobar", ""),
        ("2.1 parameters", 'max-age=60;x="y";z', "max_age=60"),
        ("3.2 the last of a key", "max-age=60, max-age=5", "max_age=5"),
        ("3.2 white space around commas", " max-age=60\t ,\tno-store ", "max_age=60 no_store"),
        ("3.3.6 true", "no-store=?1", "no_store"),
        ("3.3.6 false", "no-store=?0, max-age=60", "max_age=60"),
        ("2.2 names of fields", 'no-cache="set-cookie", max-age=60', "max_age=60 no_cache"),
        ("2.2 names of fields", 'private=("a" "b")', "private"),
        ("1.2.2 large", "max-age=999999999999999", f"max_age={MAX_DELTA_S}"),
        ("1.2.2 negative", "max-age=-1", "max_age=0"),
        ("2.1 empty", "", "ignored"),
        ("2.1 no dictionary", "&&&&&", "ignored"),
        ("2.1 no dictionary, behind one", "max-age=60, &&&&&", "ignored"),
        ("2.1 upper case", "Max-Age=60", "ignored"),
        ("2.1 blank before =", "max-age =60", "ignored"),
        ("2.1 blank behind =", "max-age= 60", "ignored"),
        ("2.1 comma at the end", "max-age=60,", "ignored"),
        ("2.1 two commas", "max-age=60,,no-store", "ignored"),
        ("2.1 type: string", 'max-age="60"', "ignored"),
        ("2.1 type: decimal", "max-age=60.5", "ignored"),
        ("2.1 type: boolean", "max-age", "ignored"),
        ("2.1 type: date", "max-age=@60", "ignored"),
        ("2.1 type: number for a flag", "no-store=1", "ignored"),
        ("2.1 too many digits", "max-age=1234567890123456", "ignored"),
        ("2.1 open string", 'x="y', "ignored"),
        ("2.1 open list", "x=(1 2", "ignored"),
    ],
)
def test_targeted(value, directives):
    assert said(value) == directives


def test_a_long_value_is_ignored():
    assert parse_targeted(b"a, " * MAX_TARGETED_BYTES + b"max-age=1") is None


@given(st.text(alphabet='ab=;,"()\\ :?@%*-109.', max_size=60))
def test_any_bytes_are_read_or_ignored(value):
    parse_targeted(value.encode("latin-1"))
