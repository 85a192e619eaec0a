"""What changed between two texts: as patches say it, and within bounds."""

import time

from hypothesis import given
from hypothesis import strategies as st

from runtime.console.model.diff import changes, differences, unified

OLD = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"
NEW = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\n"
PATCH = """\
--- auth@1
+++ auth@2
@@ -1,5 +1,5 @@
 a
-b
+B
 c
 d
 e
@@ -8,3 +8,4 @@
 h
 i
 j
+k
"""


def test_unified():
    assert unified(OLD, NEW, "auth@1", "auth@2") == PATCH


def test_changes_close_by_share_a_hunk():
    assert unified("a\nb\nc\n", "A\nb\nC\n", "x", "y").count("@@ ") == 1


def test_equal_texts_differ_in_nothing():
    assert unified(OLD, OLD, "x", "y") == ""


def test_a_missing_line_end_is_told():
    assert unified("a", "a\n", "x", "y").splitlines()[3:] == ["-a", "\\ No newline at end of file", "+a"]


def test_from_nothing():
    assert unified("", "a\n", "x", "y").splitlines()[2:] == ["@@ -0,0 +1 @@", "+a"]


LINES = st.lists(st.sampled_from("abcd"), max_size=12)


@given(LINES, LINES)
def test_what_changed_leads_from_one_to_the_other(before, after):
    made, at = [], 0
    for change in changes(before, after):
        assert change.old_from >= at
        made += before[at : change.old_from] + after[change.new_from : change.new_to]
        at = change.old_to
    assert made + before[at:] == after


def test_hostile_texts_are_shown_as_a_whole():
    before = [f"{number * 7919 % 1009}" for number in range(9_000)]
    after = before[::-1]
    started = time.process_time()
    assert sum(change.old_to - change.old_from for change in changes(before, after)) <= len(before)
    assert time.process_time() - started < 5


def test_differences_of_settings():
    assert differences({"pri": 0, "brk": True, "a": 1}, {"pri": 5, "brk": True, "b": 2}) == {
        "pri": [0, 5],
        "a": [1, None],
        "b": [None, 2],
    }
