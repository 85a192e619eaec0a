"""The table of operations: each row's picture shows what the row says of the stack."""

import pytest

from edgescript.compiling.opcodes import Op, stack_effect

A, B = 3, 5
"""Operands, told apart: a picture names the one that counts."""


def drawn(values: str) -> int:
    """How many values `-`, `k v` or `v1..vb` are, the last for B of them."""
    first, dots, last = values.partition("..")
    if dots:
        return len(first.split()) * {"a": A, "b": B}[last[-1]]
    return 0 if values == "-" else len(values.split())


@pytest.mark.parametrize(
    ("values", "count"), [("-", 0), ("v", 1), ("k v", 2), ("v1..vb", B), ("k1 v1..ka va", 2 * A)]
)
def test_reading_a_picture(values, count):
    assert drawn(values) == count


@pytest.mark.parametrize("op", Op, ids=lambda op: op.name)
def test_picture_shows_the_stack_effect(op):
    before, name, after = op.info.picture.partition(f" {op.name} ")
    assert name
    assert stack_effect(op, A, B) == (drawn(before), drawn(after))


def test_numbers_are_the_rows():
    assert [int(op) for op in Op] == list(range(len(Op)))
