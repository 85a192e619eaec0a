"""Random patterns and subjects for property tests: text over a few bytes, so that repeats overlap often."""

from hypothesis import strategies as st

ATOMS = [
    "a",
    "b",
    "/",
    ".",
    "\\n",
    "[ab]",
    "[^a]",
    "[^/]",
    "\\w",
    "\\s",
    "\\d",
    "A",
    "\\x41",
    "[[:alpha:]]",
    "-",
]
PLACES = ["^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z"]
COUNTS = ["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "*?", "+?", "??", "{1,2}?"]


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("({})".format, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(COUNTS)),
        st.builds("({}){}".format, inner, st.sampled_from(COUNTS)),
        st.builds("{}{}".format, st.sampled_from(ATOMS), st.sampled_from(COUNTS)),
    )


patterns = st.recursive(st.sampled_from(ATOMS * 2 + PLACES), _grow, max_leaves=8)
options = st.sampled_from(["", "", "i", "s", "m"])
subjects = st.text("aaabbA/-\n0. \xe9", max_size=10)
pumps = st.text("aab/-\n", min_size=1, max_size=3)
