"""A backtracking matcher that counts: the machine that `edgescript.regex.linear` reasons about, walked for real."""

from edgescript.regex.automaton import Automaton
from edgescript.regex.tree import At

WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def count_steps(automaton: Automaton, subject: str, most: int) -> tuple[tuple[int, int] | None, int]:
    """The span of the first match and the steps taken to find it or to give up, or to pass `most`."""
    states = automaton._states
    steps = 0
    for start in range(len(subject) + 1):
        stack = [(automaton.start, start)]
        while stack and steps <= most:
            number, at = stack.pop()
            state = states[number]
            steps += 1
            if state.accepts:
                return (start, at), steps
            if state.mask:
                if at < len(subject) and state.mask >> ord(subject[at]) & 1:
                    stack.append((state.ways[0], at + 1))
            elif state.at is None or _holds(state.at, subject, at):
                stack += [(way, at) for way in reversed(state.ways)]
    return None, steps


def _holds(place: At, subject: str, at: int) -> bool:
    before, after = subject[at - 1 : at] if at else "", subject[at : at + 1]
    match place:
        case At.TEXT_START:
            return at == 0
        case At.LINE_START:
            return at == 0 or (before == "\n" and after != "")
        case At.TEXT_END:
            return after == ""
        case At.FINAL_END:
            return subject[at:] in ("", "\n")
        case At.LINE_END:
            return after in ("", "\n")
        case At.WORD | At.NOT_WORD:
            return ((before in WORD) != (after in WORD)) is (place is At.WORD)
