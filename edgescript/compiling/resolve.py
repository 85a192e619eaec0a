"""
Names to slots, and what is wrong with names.

Scope is static (reference section 4.6). A variable assigned anywhere at script level, in blocks too, is global:
functions see and change it. Parameters and loop variables are local to their function, and so is every other name
first assigned in it: a loop in a function leaves those of its caller alone. A block opens no scope (U-7), and a
function defined in one at script level is known everywhere.

A bare name as a value is the custom variable; else the built-in variable; else the custom function; else undef (U-8).
With `$` the built-in variable comes first. A call looks at custom functions, then at builtins.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, TypeAlias

from edgescript.builtins import Builtin, Registry, Variable
from edgescript.compiling.opcodes import MAX_FUNCTIONS
from edgescript.diagnostics.findings import Findings
from edgescript.diagnostics.spelling import FOREIGN_VARIABLES, nearest
from edgescript.parsing import syntax, walk
from edgescript.source import Span

MAX_OWN_VARIABLES: Final = 200
"""Of the script and of each function (reference section 5)."""
MAX_ARGUMENTS: Final = 255
_LOOP_VARIABLE: Final = "a loop variable"
NULL_WORDS: Final = frozenset({"nil", "null", "none", "None", "NULL", "Null", "undefined", "undef"})


@dataclass(frozen=True, slots=True)
class GlobalVariable:
    slot: int


@dataclass(frozen=True, slots=True)
class LocalVariable:
    slot: int


@dataclass(frozen=True, slots=True)
class BuiltinVariable:
    variable: Variable
    suffix: str


@dataclass(frozen=True, slots=True)
class Unassigned:
    """Nothing assigns it: undef."""


@dataclass(frozen=True, slots=True)
class CustomFunction:
    """A `def`. `locals` are its own variables by slot, the parameters first."""

    index: int
    node: syntax.Def
    locals: dict[str, int]

    @property
    def name(self) -> str:
        return self.node.name.id


Meaning: TypeAlias = GlobalVariable | LocalVariable | BuiltinVariable | CustomFunction | Unassigned


@dataclass(frozen=True, slots=True)
class Names:
    """What every name of a script means."""

    registry: Registry
    globals: dict[str, int] = field(default_factory=dict)
    functions: dict[str, CustomFunction] = field(default_factory=dict)

    def value(self, name: syntax.Name, own: Mapping[str, int]) -> Meaning:
        """What a bare name is, in a body whose own variables are `own`."""
        if name.dollar and (declared := self.registry.variable(name.id)) is not None:
            return BuiltinVariable(*declared)
        if name.id in own:
            return LocalVariable(own[name.id])
        if name.id in self.globals:
            return GlobalVariable(self.globals[name.id])
        declared = self.registry.variable(name.id)
        if declared is not None:
            return BuiltinVariable(*declared)
        return self.functions.get(name.id) or Unassigned()

    def callee(self, name: syntax.Name) -> CustomFunction | Builtin | None:
        """What a call of `name` reaches."""
        return self.functions.get(name.id) or self.registry.functions.get(name.id)


def resolve(
    script: syntax.Script,
    registry: Registry,
    findings: Findings,
    doubtful: frozenset[str] = frozenset(),
) -> Names:
    """The meaning of all names; `doubtful` ones, from lines that could not be read, are not complained about."""
    resolver = _Resolver(script, registry, findings, doubtful)
    resolver.collect()
    resolver.check_uses()
    resolver.check_recursion()
    return resolver.names


class _Resolver:
    def __init__(
        self, script: syntax.Script, registry: Registry, findings: Findings, doubtful: frozenset[str]
    ) -> None:
        self.script = script
        self.findings = findings
        self.doubtful = doubtful
        self.names = Names(registry)
        self.read: set[tuple[int, str]] = set()
        """Variables that something reads: index of the function, or -1 for globals, and the name."""
        self.used_functions: set[str] = set()
        self.calls: dict[str, list[str]] = {}
        """Functions each function names, called or passed."""

    # Declarations

    def collect(self) -> None:
        """Find functions and variables, and what may not be declared."""
        main = list(walk.statements(self.script.body))
        top = {id(each) for each in self.script.body}
        nested = [each for each in main if isinstance(each, syntax.Def) and id(each) not in top]
        pending = [each for each in main if isinstance(each, syntax.Def)]
        self._declare_variables(self._targets(main), self.names.globals, "the script")
        for node in nested:
            self.findings.add("compat-def-in-block", node.name.span)
        for node in pending:
            inner = self._declare_function(node)
            for each in inner:
                self.findings.add("nested-function", each.name.span, name=each.name.id)
            pending.extend(inner)

    def _declare_function(self, node: syntax.Def) -> list[syntax.Def]:
        """Declare a function; functions defined inside it."""
        own: dict[str, int] = {}
        self._check_parameters(node)
        self._declare_variables(((param, "a parameter") for param in node.params), own)
        body = list(walk.statements(node.body))
        assigned = (
            each
            for each in self._targets(body)
            if each[1] == _LOOP_VARIABLE or each[0].id not in self.names.globals
        )
        self._declare_variables(assigned, own, f"function '{node.name.id}'")
        function = CustomFunction(len(self.names.functions), node, own)
        first = self.names.functions.get(node.name.id)
        if first is not None:
            name = node.name.id
            self.findings.add("duplicate-function", node.name.span, related=first.node.name.span, name=name)
        else:
            self.names.functions[node.name.id] = function
            if len(self.names.functions) == MAX_FUNCTIONS + 1:
                self.findings.add("too-many-functions", node.name.span, limit=MAX_FUNCTIONS)
            self._check_function_name(node.name)
        return [each for each in body if isinstance(each, syntax.Def)]

    def _check_function_name(self, name: syntax.Name) -> None:
        if name.dollar:
            self.findings.add("dollar-function", name.span, name=f"${name.id}")
        if name.id in self.names.registry.functions:
            self.findings.add("hides-builtin", name.span, name=name.id)

    def _check_parameters(self, node: syntax.Def) -> None:
        if len(node.params) > MAX_ARGUMENTS:
            span = node.params[MAX_ARGUMENTS].span
            self.findings.add(
                "too-many-arguments", span, count=len(node.params), what="parameters", limit=MAX_ARGUMENTS
            )
        self._check_distinct(node.params)

    def _check_distinct(self, names: Iterable[syntax.Name]) -> None:
        seen: set[str] = set()
        for name in names:
            if name.id in seen and name.id != "_":
                self.findings.add("duplicate-parameter", name.span, name=name.id)
            seen.add(name.id)

    def _targets(self, body: Iterable[syntax.Statement]) -> Iterator[tuple[syntax.Name, str]]:
        """Every name a body assigns, and how."""
        for statement in body:
            if isinstance(statement, syntax.Assign):
                yield statement.target, "assigned"
            elif isinstance(statement, syntax.For):
                self._check_distinct((statement.key, statement.value))
                yield statement.key, _LOOP_VARIABLE
                yield statement.value, _LOOP_VARIABLE

    def _declare_variables(
        self, targets: Iterable[tuple[syntax.Name, str]], slots: dict[str, int], where: str = ""
    ) -> None:
        """Give each new target a slot. `where` names the body once all of its variables are known."""
        last = Span(0, 0)
        for name, what in targets:
            if self.names.registry.variable(name.id) is not None:
                shown = f"${name.id}" if name.dollar else name.id
                self.findings.add("read-only-variable", name.span, name=shown, what=what)
            elif name.id not in slots:
                slots[name.id] = len(slots)
                last = name.span if len(slots) <= MAX_OWN_VARIABLES + 1 else last
            if name.dollar:
                self._check_dollar(name)
        if where and len(slots) > MAX_OWN_VARIABLES:
            count = len(slots)
            self.findings.add("too-many-variables", last, where=where, count=count, limit=MAX_OWN_VARIABLES)

    def _check_dollar(self, name: syntax.Name) -> None:
        if self.names.registry.variable(name.id) is None:
            self.findings.add("compat-dollar", name.span, name=f"${name.id}")

    # Uses

    def check_uses(self) -> None:
        """Look at every name that is read or called, then at what never is."""
        self._check_body(self.script.body, None)
        for function in self.names.functions.values():
            self._check_body(function.node.body, function)
        self._check_unused(self.script.body, self.names.globals, -1)
        for function in self.names.functions.values():
            self._check_unused(function.node.body, function.locals, function.index)
            name = function.name
            if not (name in self.used_functions or name in self.doubtful or name.startswith("_")):
                self.findings.add("unused-function", function.node.name.span, name=name)
            if name in self.names.globals:
                self._check_hidden_function(function)

    def _check_body(self, body: tuple[syntax.Statement, ...], function: CustomFunction | None) -> None:
        calls = self.calls.setdefault("" if function is None else function.name, [])
        for expression in walk.expressions(body):
            if isinstance(expression, syntax.Call):
                callee = self.names.callee(expression.function)
                if expression.function.dollar:
                    shown = f"${expression.function.id}"
                    self.findings.add("dollar-function", expression.function.span, name=shown)
                if callee is None:
                    self._read(expression.function, function)
                if isinstance(callee, CustomFunction):
                    self.used_functions.add(callee.name)
                    calls.append(callee.name)
                    self._check_order(expression, callee, function)
            elif isinstance(expression, syntax.Name):
                meaning = self._check_name(expression, function)
                if isinstance(meaning, CustomFunction):
                    self.used_functions.add(meaning.name)
                    calls.append(meaning.name)

    def _check_order(self, call: syntax.Call, callee: CustomFunction, caller: CustomFunction | None) -> None:
        defined = callee.node.name.span
        if caller is None and call.span < callee.node.span:
            self.findings.add("compat-call-before-def", call.function.span, related=defined, name=callee.name)

    def _check_name(self, name: syntax.Name, function: CustomFunction | None) -> Meaning:
        own = {} if function is None else function.locals
        meaning = self._read(name, function)
        if name.dollar and isinstance(meaning, LocalVariable | GlobalVariable):
            self._check_dollar(name)
        if isinstance(meaning, Unassigned) and name.id not in self.doubtful:
            self._report_unassigned(name, own)
        return meaning

    def _read(self, name: syntax.Name, function: CustomFunction | None) -> Meaning:
        """What a name means; a variable counts as read from here on."""
        meaning = self.names.value(name, {} if function is None else function.locals)
        if isinstance(meaning, LocalVariable) and function is not None:
            self.read.add((function.index, name.id))
        elif isinstance(meaning, GlobalVariable):
            self.read.add((-1, name.id))
        return meaning

    def _report_unassigned(self, name: syntax.Name, own: Mapping[str, int]) -> None:
        if name.id in NULL_WORDS:
            self.findings.add("null-literal", name.span, name=name.id)
            return
        if name.id in self.names.registry.functions:
            advice = f"a builtin can be called, as {name.id}(...), but not passed"
            known: tuple[Iterable[str], ...] = ()
        else:
            advice = ""
            known = (own, self.names.globals, self.names.registry.variables)
        shown = f"${name.id}" if name.dollar else name.id
        self.findings.add(
            "unassigned-variable",
            name.span,
            near=lambda: self._near_variable(name, known),
            name=shown,
            advice=advice,
        )

    def _near_variable(self, name: syntax.Name, known: tuple[Iterable[str], ...]) -> str:
        """The variable probably meant, a built-in one with `$`."""
        variables = self.names.registry
        foreign = FOREIGN_VARIABLES.get(name.id.lower(), "")
        has_foreign = bool(known) and variables.variable(foreign) is not None
        if has_foreign and name.dollar:
            return f"${foreign}"
        near = nearest(name.id, chain(*known))
        if not near and has_foreign:
            near = foreign
        return f"${near}" if variables.variable(near) is not None else near

    def _check_unused(self, body: tuple[syntax.Statement, ...], slots: dict[str, int], index: int) -> None:
        seen: set[str] = set()
        for statement in walk.statements(body):
            if not isinstance(statement, syntax.Assign):
                continue
            name = statement.target
            if name.id in seen or name.id not in slots or name.id in self.doubtful:
                continue
            seen.add(name.id)
            if (index, name.id) not in self.read and not name.id.startswith("_"):
                self.findings.add("unused-variable", name.span, name=name.id)

    def _check_hidden_function(self, function: CustomFunction) -> None:
        for statement in walk.statements(self.script.body):
            if isinstance(statement, syntax.Assign) and statement.target.id == function.name:
                span, related = statement.target.span, function.node.name.span
                self.findings.add("hides-function", span, related=related, name=function.name)
                return

    # Recursion

    def check_recursion(self) -> None:
        """Warn for each function that can come back to itself."""
        for group in _cycles(self.calls):
            for name in group:
                others = [each for each in self.calls[name] if each in group and each != name]
                through = f" through '{others[0]}'" if others and name not in self.calls[name] else ""
                span = self.names.functions[name].node.name.span
                self.findings.add("recursive-function", span, name=name, through=through)


def _cycles(graph: Mapping[str, list[str]]) -> Iterator[set[str]]:
    """The groups of nodes that reach each other (Tarjan's strongly connected components, without recursion)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: dict[str, None] = {}
    for root in graph:
        if root in order:
            continue
        work = [(root, iter(graph[root]))]
        order[root] = low[root] = len(order)
        open_nodes[root] = None
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in order:
                    order[successor] = low[successor] = len(order)
                    open_nodes[successor] = None
                    work.append((successor, iter(graph[successor])))
                    break
                if successor in open_nodes:
                    low[node] = min(low[node], order[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    group: set[str] = set()
                    while node not in group:
                        group.add(open_nodes.popitem()[0])
                    if len(group) > 1 or node in graph[node]:
                        yield group
