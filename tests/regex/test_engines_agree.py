"""Both engines, on the same tree, find the same match and the same groups."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgescript.regex import RegexError
from edgescript.regex.atoms import without_atoms
from edgescript.regex.engines import Re2Pattern, RePattern
from edgescript.regex.linear import Proof
from edgescript.regex.parse import Options, parse
from edgescript.regex.tree import Group, Repeat, children, has, min_width
from tests.regex.patterns import options, patterns, subjects

UNPROVEN = Proof(linear=False, reason="", anchored=False)


def groups_may_differ(node):
    """A group in an endless repeat that may be empty: `re` and PCRE keep its last empty round, RE2 does not."""
    if isinstance(node, Repeat) and node.high is None and not min_width(node.body) and has(node.body, Group):
        return True
    return any(map(groups_may_differ, children(node)))


@settings(max_examples=400, deadline=None)
@given(patterns, options, subjects, st.integers(0, 3))
def test_re_and_re2_agree(pattern, option, subject, start):
    tree, groups = parse(pattern, Options(**dict.fromkeys(option, True)))
    tree = without_atoms(tree)
    try:
        by_re2 = Re2Pattern(tree, groups, UNPROVEN)
    except RegexError:
        assume(False)
    by_re = RePattern(tree, groups, UNPROVEN)
    expected, found = by_re.search(subject, start), by_re2.search(subject, start)
    assert (expected is None) == (found is None)
    assert bool(by_re.test(subject)) == bool(by_re2.test(subject))
    if expected is not None and found is not None:
        last = 1 if groups_may_differ(tree) else groups + 1
        assert [found.span(index) for index in range(last)] == [expected.span(index) for index in range(last)]


@settings(max_examples=200, deadline=None)
@given(patterns, options, subjects, st.sampled_from(["", "<$0>", "$1-", "x$$"]))
def test_re_and_re2_replace_alike(pattern, option, subject, template):
    tree, groups = parse(pattern, Options(**dict.fromkeys(option, True)))
    tree = without_atoms(tree)
    assume(not groups_may_differ(tree))
    try:
        by_re2 = Re2Pattern(tree, groups, UNPROVEN)
    except RegexError:
        assume(False)
    by_re = RePattern(tree, groups, UNPROVEN)
    assert by_re.sub(template, subject, 1000) == by_re2.sub(template, subject, 1000)
