"""Ways over the tree that more than one pass goes."""

from collections.abc import Iterable, Iterator

from edgescript.parsing import syntax


def statements(body: Iterable[syntax.Statement]) -> Iterator[syntax.Statement]:
    """Every statement of a body in source order, those of inner blocks too; a `def` is given, not entered."""
    for statement in body:
        yield statement
        if isinstance(statement, syntax.If):
            yield from statements(statement.body)
            yield from statements(statement.orelse or ())
        elif isinstance(statement, syntax.For):
            yield from statements(statement.body)


def roots(statement: syntax.Statement) -> tuple[syntax.Expression, ...]:
    """The expressions a statement itself evaluates."""
    if isinstance(statement, syntax.Assign):
        return (statement.value,)
    if isinstance(statement, syntax.If):
        return (statement.condition,)
    if isinstance(statement, syntax.For):
        return (statement.iterable,)
    if isinstance(statement, syntax.Evaluate):
        return (statement.call,)
    if isinstance(statement, syntax.Return) and statement.value is not None:
        return (statement.value,)
    return ()


def children(expression: syntax.Expression) -> tuple[syntax.Expression, ...]:
    """The direct parts of an expression; the name of a called function is none."""
    if isinstance(expression, syntax.Call):
        return expression.arguments
    if isinstance(expression, syntax.Dictionary):
        pairs = ((item.value,) if item.key is None else (item.key, item.value) for item in expression.items)
        return tuple(part for pair in pairs for part in pair)
    if isinstance(expression, syntax.Negation):
        return (expression.operand,)
    return ()


def expressions(body: Iterable[syntax.Statement]) -> Iterator[syntax.Expression]:
    """Every expression of a body in source order, outer before inner; functions are not entered."""
    for statement in statements(body):
        pending = list(reversed(roots(statement)))
        while pending:
            expression = pending.pop()
            yield expression
            pending.extend(reversed(children(expression)))


def size(expression: syntax.Expression) -> int:
    """How many values an expression is made of, itself among them, and the zero that a sign takes its operand from."""
    count = 0
    pending = [expression]
    while pending:
        part = pending.pop()
        count += 2 if isinstance(part, syntax.Negation) else 1
        pending.extend(children(part))
    return count


def assigned(body: Iterable[syntax.Statement]) -> Iterator[str]:
    """The target of each assignment and loop of a body, as often as there is one."""
    for statement in statements(body):
        if isinstance(statement, syntax.Assign):
            yield statement.target.id
        elif isinstance(statement, syntax.For):
            yield statement.key.id
            yield statement.value.id
