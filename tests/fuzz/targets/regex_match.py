"""Any pattern on any text: refused, or the match of a matcher that tries every way in order, in the steps promised."""

from edgescript.regex import RegexError, compile_pattern
from edgescript.regex.atoms import without_atoms
from edgescript.regex.automaton import Automaton, Unproven
from edgescript.regex.linear import prove
from edgescript.regex.listing import MAX_WORK
from edgescript.regex.parse import Options, parse
from edgescript.regex.tree import Atomic, Look, Repeat, children
from tests.fuzz.reader import Reader
from tests.regex.backtrack import count_steps

CORPUS = "patterns"
OPTIONS = ("", "i", "s", "m", "x", "im")
MOST_STEPS = 20_000


def run(data: bytes) -> None:
    take = Reader(data)
    option, pattern, subject = take.pick(OPTIONS), take.text(), take.text()
    try:
        compiled = compile_pattern(pattern, option)
    except RegexError:
        return
    found = compiled.search(subject)
    span = None if found is None else found.span(0)
    assert bool(compiled.test(subject)) is (span is not None)
    captures = compiled.captures(subject)
    assert (None if captures is None else captures[0]) == (None if found is None else found.group(0))
    tree = without_atoms(parse(pattern, Options(**dict.fromkeys(option, True)))[0])
    if beyond_the_reference(tree):
        return
    try:
        automaton = Automaton(tree, lambda _look: 1)
    except Unproven:
        return
    if any(state.doubt for state in automaton._states):
        return
    bound = MAX_WORK * (len(subject) + 2)
    proven = prove(tree).linear
    expected, steps = count_steps(automaton, subject, bound if proven else MOST_STEPS)
    assert steps <= bound or not proven, "more steps than the proof promises"
    if steps <= MOST_STEPS:
        assert span == expected


def beyond_the_reference(node) -> bool:
    """Whether what is in the tree is more than places, bytes, choices and plain repeats."""
    if isinstance(node, Look | Atomic) or (isinstance(node, Repeat) and node.mode == "possessive"):
        return True
    return any(map(beyond_the_reference, children(node)))
