"""Atomic groups and possessive repeats made plain where they make no difference, so that RE2 can run them."""

from typing import Final

from edgescript.regex.tree import (
    ALL_BYTES,
    NEWLINE,
    At,
    Atomic,
    Chars,
    Choice,
    Group,
    Node,
    Place,
    Repeat,
    Sequence,
    first_bytes,
    min_width,
)

Follow = tuple[bool, int] | None
"""
What comes right after a node: whether the next byte surely is of a set (or the text at its end), and the set; None:
nothing comes.
"""

_NEXT_BYTE: Final = {At.TEXT_END: 0, At.FINAL_END: NEWLINE, At.LINE_END: NEWLINE}


def without_atoms(node: Node, follow: Follow = None) -> Node:
    r"""
    The tree with atomic groups and possessive repeats made plain where that changes no match.

    Two cases: nothing follows, so nothing can fail and ask for another way; or what follows wants a next byte that
    is none of those the node would give back: the set it repeats or, for `\R`, a newline.
    """
    match node:
        case Sequence(items):
            out: list[Node] = []
            for item in reversed(items):
                out.append(without_atoms(item, follow))
                follow = _before(item, follow)
            return Sequence(tuple(reversed(out)))
        case Choice(arms):
            return Choice(tuple(without_atoms(arm, follow) for arm in arms))
        case Group():
            return Group(without_atoms(node.body, follow), node.index)
        case Atomic():
            given_back = NEWLINE if _is_newlines(node.body) else _given_back(node.body)
            return node.body if _never_asks(follow, given_back) else node
        case Repeat() if node.mode == "possessive":
            plain = Repeat(node.body, node.low, node.high, "greedy")
            return plain if _never_asks(follow, _given_back(plain)) else node
        case _:
            return node


def _before(item: Node, follow: Follow) -> Follow:
    """What comes after the node that stands before `item`, which `follow` comes after."""
    if isinstance(item, Place) and item.at in _NEXT_BYTE:
        return True, _NEXT_BYTE[item.at]
    if min_width(item):
        return True, first_bytes(item)
    surely, following = (False, 0) if follow is None else follow
    return surely, following | first_bytes(item)


def _never_asks(follow: Follow, given_back: int) -> bool:
    return follow is None or (follow[0] and not follow[1] & given_back)


def _given_back(body: Node) -> int:
    """The bytes backtracking into the body may give back."""
    if isinstance(body, Repeat) and body.mode == "greedy" and isinstance(body.body, Chars):
        return body.body.mask
    return ALL_BYTES


def _is_newlines(body: Node) -> bool:
    r"""Whether this is the body of `\R`: a pair whose second byte is newline, or one byte."""
    return (
        isinstance(body, Choice)
        and len(body.arms) == 2
        and isinstance(body.arms[0], Sequence)
        and body.arms[0].items == (Chars(1 << 13), Chars(NEWLINE))
        and isinstance(body.arms[1], Chars)
    )
