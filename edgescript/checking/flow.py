"""
The walk that knows, at each expression, what the tests on the way there have shown.

Bodies are walked in the order in which they would run, with `Facts` that split where an `if` splits and come together
behind it; a way that returned or ended the request does not come back. So a test guards what follows it, whether it
stands around it, before it with an early exit, or in a function called before it.

Two rounds. The first looks at functions alone, callees before callers, and makes their `Summary`; it says nothing. The
second walks the script and then the functions, callers before callees, each with what is known of the request at every
one of its calls; at each expression and statement it asks the checks. A loop's body is walked once, without what the
loop changes. Time is proportional to the text: depth is bounded by the parser, facts by `MAX_FACTS`.
"""

from typing import Protocol, TypeAlias

from edgescript.builtins import Builtin, Effect
from edgescript.checking.callgraph import CallGraph
from edgescript.checking.facts import Facts, join
from edgescript.checking.narrow import Narrowing, Summary, literal
from edgescript.checking.places import Places
from edgescript.checking.results import Point
from edgescript.checking.roles import AND, JOIN, JOINED, LOGIC, OR
from edgescript.checking.words import accepted
from edgescript.compiling.resolve import CustomFunction, Names
from edgescript.parsing import syntax
from edgescript.typeset import ANY

_Block: TypeAlias = tuple[syntax.Statement, ...]
_NOTHING: frozenset[str] = frozenset()


class Visitor(Protocol):
    """What is asked on the way. A call is given after its arguments, a statement after its expressions."""

    def at_body(self, point: Point, function: CustomFunction | None) -> None: ...

    def at_expression(self, point: Point, expression: syntax.Expression) -> None: ...

    def at_condition(self, point: Point, condition: syntax.Expression, among: str) -> None:
        """Before a condition is evaluated: of an `if` ('' as `among`), or one of several of an `and` or `or`."""

    def at_statement(self, point: Point, statement: syntax.Statement) -> None: ...

    def at_unreachable(self, statement: syntax.Statement, end: syntax.Statement) -> bool:
        """A statement that nothing comes to, and the one that always leaves; whether to be spared the block's others."""


def visit_all(script: syntax.Script, names: Names, graph: CallGraph, visitor: Visitor) -> None:
    """Walk the script, then its functions."""
    summaries: dict[str, Summary] = {}
    for function in graph.callees_first:
        summaries[function.name] = _summary(function, names, graph, summaries)
    entries: dict[str, Facts] = {}
    _Walk(names, None, graph, summaries, visitor, entries).run(script.body, Facts())
    walked: set[str] = set()
    for function in reversed(graph.callees_first):
        is_known = graph.callers[function.name] <= walked and function.name not in graph.passed
        entry = entries.get(function.name, Facts()) if is_known else Facts()
        walked.add(function.name)
        _Walk(names, function, graph, summaries, visitor, entries).run(function.node.body, entry)


def _summary(
    function: CustomFunction, names: Names, graph: CallGraph, summaries: dict[str, Summary]
) -> Summary:
    walk = _Walk(names, function, graph, summaries, None, {})
    end = walk.run(function.node.body, Facts())
    always = when_false = end
    when_true: Facts | None = None
    for facts, value in walk.returns:
        always = join(always, facts)
        for outcome in (True, False):
            if isinstance(value, syntax.Boolean) and value.value is not outcome:
                continue
            if value is None and outcome:
                continue
            learnt = walk.assuming(facts, value, outcome)
            if outcome:
                when_true = join(when_true, learnt)
            else:
                when_false = join(when_false, learnt)
    assigned = graph.assigned[function.name]
    params = tuple("" if param.id in assigned else param.id for param in function.node.params)
    return Summary(params, always, when_true, when_false)


class _Walk:
    """Walks one body, saying what it finds to `visitor`, if there is one."""

    def __init__(
        self,
        names: Names,
        function: CustomFunction | None,
        graph: CallGraph,
        summaries: dict[str, Summary],
        visitor: Visitor | None,
        entries: dict[str, Facts],
    ) -> None:
        own = {} if function is None else function.locals
        self.point = Point(names, own, Places(names, own))
        self.narrowing = Narrowing(self.point, summaries)
        self.graph = graph
        self.summaries = summaries
        self.visitor = visitor
        self.entries = entries
        self.function = function
        self.returns: list[tuple[Facts, syntax.Expression | None]] = []
        self.changed: list[frozenset[str]] = []
        """Variables that calls changed, in their order: what a way taken only sometimes leaves behind."""

    def run(self, body: _Block, facts: Facts) -> Facts | None:
        self.point.facts = facts
        if self.visitor is not None:
            self.visitor.at_body(self.point, self.function)
        return self._block(body, facts)

    def assuming(self, facts: Facts, condition: syntax.Expression | None, outcome: bool) -> Facts:
        """The facts once a condition was found true, or not."""
        self.point.facts = facts.copy()
        if condition is not None:
            self.narrowing.assume(condition, outcome)
        return self.point.facts

    # Statements

    def _block(self, body: _Block, facts: Facts | None) -> Facts | None:
        """What is known behind a block, None when nothing comes there."""
        end: syntax.Statement | None = None
        told = False
        for statement in body:
            if end is not None and self.visitor is not None and not told:
                told = self.visitor.at_unreachable(statement, end)
            # What is never reached is looked at all the same, as if nothing were known.
            self.point.facts = Facts() if facts is None else facts
            after = self._statement(statement)
            if facts is not None and after is None:
                end = statement
            facts = None if facts is None else after
        return facts

    def _statement(self, statement: syntax.Statement) -> Facts | None:
        after: Facts | None = self.point.facts
        match statement:
            case syntax.Assign(target=target, value=value):
                self._expression(value)
                facts = self.point.facts
                facts.assign(target.id, value, self.point.types(value), self.point.places)
            case syntax.If():
                after = self._if(statement)
            case syntax.For():
                self._for(statement)
                after = self.point.facts
            case syntax.Evaluate(call=call):
                self._expression(call)
                after = self._after_call(call)
            case syntax.Return(value=value):
                if value is not None:
                    self._expression(value)
                self.returns.append((self.point.facts, value))
                after = None
        if self.visitor is not None:
            self.visitor.at_statement(self.point, statement)
        return after

    def _if(self, statement: syntax.If) -> Facts | None:
        condition = statement.condition
        self._condition(condition, "")
        self._expression(condition)
        before = self.point.facts
        taken = self._block(statement.body, self.assuming(before, condition, outcome=True))
        passed_by = self._block(statement.orelse or (), self.assuming(before, condition, outcome=False))
        joined = join(taken, passed_by)
        self.point.facts = before
        if joined is not None:
            joined.is_flagged = before.is_flagged
        return joined

    def _for(self, statement: syntax.For) -> None:
        self._expression(statement.iterable)
        facts = self.point.facts
        self._forget(self.graph.changed_in(statement))
        self._block(statement.body, facts.copy())
        self.point.facts = facts

    def _after_call(self, call: syntax.Call) -> Facts | None:
        """What is known behind a call that stands alone: nothing when it ends the request."""
        if self.graph.ends(call, self.summaries):
            return None
        builtin = self.point.builtin(call)
        if builtin is not None and builtin.name in LOGIC and len(call.arguments) > 1:
            last = call.arguments[-1]
            if isinstance(last, syntax.Call) and self.graph.ends(last, self.summaries):
                # `and(not(x), exit(403))`: who comes here has x.
                for condition in (
                    call.arguments[:-1] if len(call.arguments) == 2 or builtin.name == OR else ()
                ):
                    self.narrowing.assume(condition, builtin.name == OR)
        return self.point.facts

    # Expressions

    def _condition(self, condition: syntax.Expression, among: str) -> None:
        if self.visitor is not None:
            self.visitor.at_condition(self.point, condition, among)

    def _expression(self, expression: syntax.Expression) -> None:
        match expression:
            case syntax.Call():
                self._call(expression)
            case syntax.Dictionary(items=items):
                for item in items:
                    if item.key is not None:
                        self._expression(item.key)
                    self._expression(item.value)
            case syntax.Negation(operand=operand):
                self._expression(operand)
        if self.visitor is not None:
            self.visitor.at_expression(self.point, expression)
        builtin = self.point.builtin(expression)
        if builtin is not None and isinstance(expression, syntax.Call):
            self._learn_from(expression, builtin)

    def _call(self, call: syntax.Call) -> None:
        callee = self.point.names.callee(call.function)
        if isinstance(callee, Builtin) and callee.name in LOGIC:
            self._logic(call, callee)
            return
        for argument in call.arguments:
            self._expression(argument)
        if isinstance(callee, CustomFunction):
            self._custom_call(call, callee)

    def _logic(self, call: syntax.Call, builtin: Builtin) -> None:
        """Each operand knows how those before it came out."""
        before, changes = self.point.facts, len(self.changed)
        for index, operand in enumerate(call.arguments):
            if index == 1:
                self.point.facts = before.copy()
            if index:
                self.narrowing.assume(call.arguments[index - 1], builtin.name == AND)
            self._condition(operand, builtin.name)
            self._expression(operand)
        self.point.facts = before
        for names in self.changed[changes:]:
            for name in names:
                before.forget(name, self.point.places)

    def _custom_call(self, call: syntax.Call, callee: CustomFunction) -> None:
        if self.visitor is not None:
            snapshot = _of_the_request(self.point.facts)
            seen = self.entries.get(callee.name)
            self.entries[callee.name] = snapshot if seen is None else join(seen, snapshot) or snapshot
        self._forget(self.graph.changes[callee.name])
        summary = self.summaries.get(callee.name)
        if summary is not None:
            self.narrowing.apply(summary, summary.always, call)

    def _learn_from(self, call: syntax.Call, builtin: Builtin) -> None:
        """A call that did not fail shows what its arguments were, and may change them."""
        for index, argument in enumerate(call.arguments):
            wanted = JOINED if builtin.name == JOIN else accepted(builtin.param_at(index).kind)
            types = self.point.types(argument)
            if wanted == ANY or not types & ~wanted or not types & wanted:
                continue  # nothing new, or a call that surely fails, which is told of once for each
            for each in (argument, self.point.source(argument)):
                if literal(each) is None and (place := self.point.places.key(each)):
                    self.point.facts.narrow(place, wanted)
        if builtin.effect is Effect.MUTATES:
            self._learn_changes(call)
        if builtin.awaits_response and self.point.facts.awaited is None:
            self.point.facts.awaited = call.span

    def _learn_changes(self, call: syntax.Call) -> None:
        """A builtin changed a dictionary, or called functions."""
        for argument in call.arguments:
            if not isinstance(argument, syntax.Name):
                continue
            meaning = self.point.names.value(argument, self.point.own)
            if isinstance(meaning, CustomFunction):
                self._forget(self.graph.changes[meaning.name])
        first = call.arguments[0]
        if isinstance(first, syntax.Name):
            self.point.facts.forget_entries(first.id, self.point.places)

    def _forget(self, names: frozenset[str]) -> None:
        if names:
            self.changed.append(names)
            for name in names:
                self.point.facts.forget(name, self.point.places)


def _of_the_request(facts: Facts) -> Facts:
    """What does not speak of variables, which are others in another body."""
    return Facts(
        {key: types for key, types in facts.types.items() if key.startswith("$")},
        {key: fact for key, fact in facts.known.items() if key.startswith("$")},
        {},
        {},
        facts.is_flagged,
    )
