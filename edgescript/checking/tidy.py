"""What a body has too much of: values nobody reads, parameters nobody uses, blocks without content, arms alike."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import fields

from edgescript.checking.callgraph import CallGraph
from edgescript.checking.checker import Checker
from edgescript.compiling.resolve import CustomFunction, Names
from edgescript.diagnostics.findings import Findings
from edgescript.parsing import syntax, walk
from edgescript.parsing.parser import PLACEHOLDER
from edgescript.source import Span

_Block = tuple[syntax.Statement, ...]


def check_stores(
    script: syntax.Script, names: Names, graph: CallGraph, findings: Findings, doubtful: frozenset[str]
) -> None:
    """Report values that are replaced before anything reads them, and parameters that nothing reads."""
    _Stores(names, findings, doubtful).block(script.body)
    for function in names.functions.values():
        read, _ = _Stores(names, findings, doubtful).block(function.node.body)
        if function.name not in graph.passed and PLACEHOLDER not in doubtful:
            _check_parameters(function, read, findings)


def _check_parameters(function: CustomFunction, read: set[str], findings: Findings) -> None:
    if not function.node.body:
        return
    for param in function.node.params:
        if param.id not in read and not param.id.startswith("_"):
            findings.add("unused-parameter", param.span, name=param.id, function=function.name)


class _Stores:
    """Looks at the assignments of one body, block by block."""

    def __init__(self, names: Names, findings: Findings, doubtful: frozenset[str]) -> None:
        self._names = names
        self._findings = findings
        self._doubtful = doubtful

    def block(self, body: _Block) -> tuple[set[str], set[str]]:
        """The names a block reads and those it assigns, inner blocks included."""
        read: set[str] = set()
        written: set[str] = set()
        waiting: dict[str, Span] = {}
        for statement in body:
            if isinstance(statement, syntax.Def):
                continue
            here, calls = self._read(statement)
            inner: set[str] = set()
            for block in _blocks(statement):
                below, assigned = self.block(block)
                here |= below
                inner |= assigned
            read |= here
            written |= inner
            if calls or isinstance(statement, syntax.For):
                waiting.clear()  # a function may read any variable of the script; a loop comes back
            for name in here | inner:
                waiting.pop(name, None)
            if isinstance(statement, syntax.Assign):
                self._store(statement.target, waiting)
                written.add(statement.target.id)
        return read, written

    def _store(self, target: syntax.Name, waiting: dict[str, Span]) -> None:
        name = target.id
        if self._names.registry.variable(name) is not None:
            return
        earlier = waiting.get(name)
        if earlier is not None and name not in self._doubtful and not name.startswith("_"):
            self._findings.add("overwritten-value", earlier, related=target.span, name=name)
        waiting[name] = target.span

    def _read(self, statement: syntax.Statement) -> tuple[set[str], bool]:
        """The names a statement itself reads, and whether it calls a function of the script."""
        read: set[str] = set()
        calls = False
        pending = list(walk.roots(statement))
        while pending:
            expression = pending.pop()
            if isinstance(expression, syntax.Name):
                read.add(expression.id)
                calls = calls or expression.id in self._names.functions
            elif isinstance(expression, syntax.Call):
                calls = calls or expression.function.id in self._names.functions
                read.add(expression.function.id)
            pending.extend(walk.children(expression))
        return read, calls


def _blocks(statement: syntax.Statement) -> Sequence[_Block]:
    if isinstance(statement, syntax.If):
        return (statement.body, statement.orelse or ())
    return (statement.body,) if isinstance(statement, syntax.For) else ()


class Comments:
    """Where comments are, so that a block with one is not called empty."""

    def __init__(self, comments: tuple[syntax.Comment, ...]) -> None:
        self._starts = [comment.span.start for comment in comments]

    def are_in(self, span: Span) -> bool:
        at = bisect_left(self._starts, span.start)
        return at < len(self._starts) and self._starts[at] < span.end


def check_empty(checker: Checker, comments: Comments, statement: syntax.Statement) -> None:
    """An `if` or `for` whose block has neither statement nor comment."""
    if not isinstance(statement, syntax.If | syntax.For) or statement.body or comments.are_in(statement.span):
        return
    head = statement.condition if isinstance(statement, syntax.If) else statement.iterable
    if not (isinstance(head, syntax.Name) and head.id == PLACEHOLDER):
        word = "if" if isinstance(statement, syntax.If) else "for"
        checker.findings.add("empty-block", Span(statement.span.start, head.span.end), word=word)


def check_arms(checker: Checker, statement: syntax.If) -> None:
    """An `if` that does the same either way."""
    if statement.body and statement.orelse and _is_same(statement.body, statement.orelse):
        checker.findings.add("same-arms", statement.condition.span)


def _is_same(one: object, other: object) -> bool:
    """Whether two parts of the tree say the same, wherever they stand."""
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, syntax.Node):
        return all(
            _is_same(getattr(one, field.name), getattr(other, field.name))
            for field in fields(one)
            if field.name != "span"
        )
    return one == other
