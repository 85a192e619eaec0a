"""
The machinery of declarations: a builtin is declared once, by its Python function.

    strings = Family("strings", effect=Effect.PURE)

    @strings.builtin(cost=Cost(2, per="s"))
    def upper(s: Str) -> Str:
        '''
        Return `s` with ASCII letters in upper case.

        upper('aB1') => 'AB1'
        '''

Names, types, defaults and result come from the signature; text and examples from the docstring; effect and cost
from the decorator. Derived from it: arity and type diagnostics, near names, constant folding, the call table of both
tiers, fuel, reference pages, completion.

A first parameter annotated `Meter` or `Context` is not a script argument: the call path passes the run. A body
repeats no type check: the call path made it, with the documented fault codes 402-406.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from edgescript.bounds import CallBounds, Made
from edgescript.context import Context
from edgescript.faults import FaultCode
from edgescript.meter import SMALL_BYTES, Meter
from edgescript.reads import FACTS, Reads
from edgescript.types import Function, Table, Value


class Kind(Enum):
    """What a parameter takes, and the fault raised otherwise (reference section 9.4)."""

    STRING = ("string", FaultCode.NOT_A_STRING)
    NUMBER = ("number", FaultCode.NOT_A_NUMBER)
    INTEGER = ("integer", FaultCode.NOT_A_NUMBER)
    """A number; fractions are cut off as Lua does. Bodies receive `int`. Infinite and nan raise 403."""
    BOOLEAN = ("boolean", FaultCode.NOT_A_BOOLEAN)
    DICTIONARY = ("dictionary", FaultCode.NOT_A_DICTIONARY)
    FUNCTION = ("function", FaultCode.NOT_A_FUNCTION)
    TEXT = ("string or number", FaultCode.NOT_A_STRING)
    PATTERN = ("regex", FaultCode.NOT_A_STRING)
    """A string that is a regular expression; literal ones are checked at compile time."""
    REGEX_OPTIONS = ("regex options", FaultCode.NOT_A_STRING)
    """A string, the options of the call's PATTERN."""
    MATCHER = ("string or re: pattern", FaultCode.NOT_A_STRING)
    """A string to equal, or `MATCHER_PREFIX` and a regular expression (reference section 7.13)."""
    ANY = ("any value", FaultCode.OTHER)

    def __init__(self, label: str, fault: FaultCode) -> None:
        self.label = label
        self.fault = fault


MATCHER_PREFIX: Final = "re:"
"""Of a MATCHER that is a regular expression; literal ones are checked at compile time, as a PATTERN is."""

Str = Annotated[str, Kind.STRING]
Num = Annotated[int | float, Kind.NUMBER]
Int = Annotated[int, Kind.INTEGER]
Bool = Annotated[bool, Kind.BOOLEAN]
Dict = Annotated[Table, Kind.DICTIONARY]
Func = Annotated[Function, Kind.FUNCTION]
Text = Annotated[str | int | float, Kind.TEXT]
Pattern = Annotated[str, Kind.PATTERN]
RegexOptions = Annotated[str, Kind.REGEX_OPTIONS]
AnyValue = Annotated[Value, Kind.ANY]
# Of optional arguments whose default is no value of the kind: the body gets None when the script gives nothing.
OptStr = Annotated[str | None, Kind.STRING]
OptInt = Annotated[int | None, Kind.INTEGER]
OptDict = Annotated[Table | None, Kind.DICTIONARY]
OptFunc = Annotated[Function | None, Kind.FUNCTION]
OptMatcher = Annotated[str | None, Kind.MATCHER]


class Effect(Enum):
    """What a builtin does beyond its result. PURE is a promise: it may run at compile time on constants."""

    PURE = auto()
    MUTATES = auto()
    """Changes or calls its arguments, nothing else: set, del, foreach, arr_sort."""
    AMBIENT = auto()
    """Reads the clock, randomness or a service."""
    READS = auto()
    """Reads the request or response."""
    WRITES = auto()
    """Records an effect."""


@dataclass(frozen=True, slots=True)
class Cost:
    """
    Fuel of one call: `base`, plus `len(argument) >> shift` for the parameter `per` above `free_size`.

    A builtin whose work is known only inside charges the rest itself through its meter, never more than `worst`.
    The bounds are for `costing`; a run does not look at them.
    """

    base: int = 2
    per: str = ""
    shift: int = 4
    bound: str = ""
    """The field of `Limits` that holds the size of `per`; looked at above `free_size`."""
    worst: Callable[[CallBounds], int] | None = None
    """The most fuel the body charges itself, callbacks aside; None for nothing."""
    makes: Callable[[CallBounds], int | Made] | None = None
    """Bounds of the result, an int being bytes of a string; None for what limits and annotation allow."""
    calls: Callable[[CallBounds], int] | None = None
    """How often the body calls a FUNCTION argument at most; None for what the limits allow."""
    passes: tuple[str, ...] = ()
    """What it gives to such a call: parameters, or `NAME.keys` and `NAME.values` of a dictionary; () for any of these."""

    @property
    def free_size(self) -> int:
        """Sizes up to this are paid for by `base`, where that covers what they would be charged."""
        return SMALL_BYTES if SMALL_BYTES >> self.shift <= self.base else 0


@dataclass(frozen=True, slots=True)
class Param:
    """One script argument."""

    name: str
    kind: Kind
    optional: bool = False
    variadic: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A line `call => result` of a docstring; both sides are script expressions. Run as a test."""

    call: str
    result: str


Stage = Literal["head", "foot"]
Specialiser = Callable[..., Callable[..., Any] | None]


@dataclass(frozen=True, slots=True)
class Inline:
    """
    A Python expression in the parameters' names that gives what the body gives, for calls with every argument.

    `types` has annotations by parameter name: the expression stands only for calls whose arguments are known at
    load time to be of them. Kinds are checked and fuel is charged before, as for the body. Any other name is
    looked up where the body is defined.

        @conditions.builtin(cost=Cost(1), inline=(Inline("a == b", {"b": str}),))
    """

    template: str
    types: Mapping[str, Any] = field(default_factory=dict)


def refused(*_arguments: Any) -> Literal[False]:
    """The specialised body of a call that can only return false."""
    return False


class Specialised(NamedTuple):
    """A body with constant arguments worked in; it takes (the run, if `takes_run`, and) the others in order."""

    worked_in: frozenset[int]
    body: Callable[..., Any]
    takes_run: bool


@dataclass(slots=True)
class Builtin:
    """A declared builtin function."""

    name: str
    family: str
    params: tuple[Param, ...]
    returns: Any
    """The Python annotation of the result, `Annotated` stripped."""
    body: Callable[..., Any]
    takes_run: bool
    """The body's first parameter is the run (Meter or Context)."""
    effect: Effect
    cost: Cost
    may_end: bool
    """May end the request: the call path looks at `Context.ended` afterwards."""
    awaits_response: bool
    """It needs the response's head, so the run may stop here and go on when that is made (U-17). Implies `may_end`."""
    ends_when: Mapping[str, frozenset[str]] | None
    """A call surely ends the request when each of these parameters is one of its strings; with none named, always."""
    comparison: bool
    """It tells whether its two arguments are equal; `check` warns where they never are."""
    ordering: bool
    """It tells which of its two numbers is greater, or whether they are equal: the order of the two settles it."""
    reads: Reads
    """What the result, or an effect, depends on beside the arguments."""
    stages: tuple[Stage, ...]
    """Positions it is meant for; `check` warns elsewhere."""
    extension: bool
    since: str
    text: str
    examples: tuple[Example, ...]
    inline: tuple[Inline, ...] = ()
    """Tried in order by the translator."""
    specialisers: list[tuple[tuple[str, ...], Specialiser, bool]] = field(default_factory=list)
    """Names of the constant parameters, what makes the body, and whether that body takes the run."""

    @property
    def min_args(self) -> int:
        return sum(1 for param in self.params if not param.optional)

    @property
    def max_args(self) -> int | None:
        """None when there is no upper bound."""
        return None if self.params and self.params[-1].variadic else len(self.params)

    def param_at(self, index: int) -> Param:
        """The parameter that argument `index` (from 0) goes to."""
        return self.params[min(index, len(self.params) - 1)]

    def surely_ends(self, strings: Mapping[str, str]) -> bool:
        """Whether nothing runs after a call whose literal strings, by parameter, are these."""
        return self.ends_when is not None and all(
            strings.get(name) in wanted for name, wanted in self.ends_when.items()
        )

    @property
    def signature(self) -> str:
        """As the reference writes it: `substr(s, i, j)`, `split(s [, sep])`, `concat(s1, ...)`."""
        text = ""
        for index, param in enumerate(self.params):
            comma = ", " if index else ""
            name = f"{param.name}, ..." if param.variadic else param.name
            text += f" [{comma}{name}]" if param.optional else f"{comma}{name}"
        return f"{self.name}({text.strip()})"

    def specialise(self, constants: Mapping[int, Value], count: int) -> "Specialised | None":
        """
        A body with constant arguments worked in, for a call with `count` arguments.

        `constants` has the value of each argument known at load time, by index. None when no specialiser fits.
        """
        for wanted, make, takes_run in self.fitting(constants, count):
            body = make()
            if body is not None:
                return Specialised(frozenset(wanted), body, takes_run)
        return None

    def fitting(
        self, constants: Mapping[int, Value], count: int
    ) -> Iterator[tuple[list[int], Callable[[], Callable[..., Any] | None], bool]]:
        """Each specialiser whose constants are known: their indexes, what makes the body, whether that takes the run."""
        indexes = {param.name: index for index, param in enumerate(self.params)}
        for names, specialiser, takes_run in self.specialisers:
            wanted = [indexes[name] for name in names if indexes[name] < count]
            if wanted and all(index in constants for index in wanted):
                known = {self.params[index].name: constants[index] for index in wanted}
                yield wanted, partial(specialiser, **known), takes_run


@dataclass(frozen=True, slots=True)
class Variable:
    """
    A declared built-in variable, or a family of them under a prefix (`arg_`, `http_`, `cookie_`).

    A plain variable with `attribute` is that attribute of `Request`, which is always a string; otherwise
    `read(context)`, and for a prefixed one `read(context, suffix)`: a string, or None when absent.
    """

    name: str
    prefixed: bool
    attribute: str
    read: Callable[..., str | None]
    text: str
    reads: Reads = None
    """As of Builtin; of a prefixed one the suffix is the name."""
    reader: Callable[[str], Callable[[Context], str | None]] | None = None
    """Of a prefixed one: what makes, of a suffix, a function that reads as `read` does, and is quicker."""


_F = TypeVar("_F", bound=Callable[..., Any])
_RUN_TYPES: Final = (Meter, Context)
_READING_NOTHING: Final = frozenset({Effect.PURE, Effect.MUTATES})
"""Effects that are themselves a promise to depend on arguments alone; with any other, `reads` has to say what on."""


class Family:
    """A module's worth of builtins with one effect; `members` in order of declaration."""

    def __init__(self, name: str, *, effect: Effect, extension: bool = False) -> None:
        self.name = name
        self.effect = effect
        self.extension = extension
        self.members: list[Builtin] = []

    def builtin(
        self,
        *,
        cost: Cost,
        name: str = "",
        effect: Effect | None = None,
        may_end: bool = False,
        awaits_response: bool = False,
        ends_when: Mapping[str, frozenset[str]] | None = None,
        comparison: bool = False,
        ordering: bool = False,
        reads: Reads = None,
        stages: tuple[Stage, ...] = ("head", "foot"),
        extension: bool | None = None,
        since: str = "0.1",
        inline: tuple[Inline, ...] = (),
    ) -> Callable[[_F], _F]:
        """Declare the decorated function. `name` only where the script's name is no Python name (`and`)."""

        def declare(body: _F) -> _F:
            text, examples = _read_docstring(body)
            params, takes_run, returns = _read_signature(body)
            own = self.effect if effect is None else effect
            self.members.append(
                Builtin(
                    name=name or body.__name__.rstrip("_"),
                    family=self.name,
                    params=params,
                    returns=returns,
                    body=body,
                    takes_run=takes_run,
                    effect=own,
                    cost=cost,
                    may_end=may_end or awaits_response,
                    awaits_response=awaits_response,
                    ends_when=ends_when,
                    comparison=comparison,
                    ordering=ordering or comparison,
                    reads=() if reads is None and own in _READING_NOTHING else reads,
                    stages=stages,
                    extension=self.extension if extension is None else extension,
                    since=since,
                    text=text,
                    examples=examples,
                    inline=inline,
                )
            )
            return body

        return declare

    def specialised(
        self, function: Callable[..., Any], *constant: str, takes_run: bool | None = None
    ) -> Callable[[_F], _F]:
        """
        Declare what to call instead of `function` when the named parameters are constants at load time.

        The decorated function receives them by name (absent optional ones are left out) and returns the callable
        for the remaining arguments, or None to keep the general body. It must give the same results. It takes the
        run as `function` does, unless `takes_run` says otherwise.

        For constants that `function` refuses whatever the others are, it raises the same `ScriptFault`, or returns
        `refused` where `function` would return false: `check` reports either, when the constants are literals.
        """

        def declare(specialiser: _F) -> _F:
            member = next(member for member in self.members if member.body is function)
            takes = member.takes_run if takes_run is None else takes_run
            member.specialisers.append((constant, specialiser, takes))
            return specialiser

        return declare


class Variables:
    """The declared built-in variables."""

    def __init__(self) -> None:
        self.members: list[Variable] = []

    def attribute(self, name: str, attribute: str, text: str) -> None:
        """Declare `$name` as an attribute of `Request`, which is always a string."""
        self.members.append(
            Variable(
                name, False, attribute, lambda run: getattr(run.request, attribute), text, (FACTS[attribute],)
            )
        )

    def variable(self, *, reads: Reads = None) -> Callable[[_F], _F]:
        """Declare `$name` as the result of the decorated function, called `name`."""

        def declare(read: _F) -> _F:
            self.members.append(Variable(read.__name__, False, "", read, inspect.getdoc(read) or "", reads))
            return read

        return declare

    def prefixed(
        self,
        prefix: str,
        *,
        reads: Reads = None,
        reader: Callable[[str], Callable[[Context], str | None]] | None = None,
    ) -> Callable[[_F], _F]:
        """Declare every `$prefixNAME`; the decorated function takes the context and NAME."""

        def declare(read: _F) -> _F:
            self.members.append(Variable(prefix, True, "", read, inspect.getdoc(read) or "", reads, reader))
            return read

        return declare


class Registry:
    """Everything predeclared that a script may name. The compiler is given one."""

    def __init__(self, families: Iterable[Family], variables: Variables) -> None:
        self.functions: dict[str, Builtin] = {}
        for family in families:
            for member in family.members:
                if member.name in self.functions:
                    raise ValueError(f"builtin {member.name!r} is declared twice")
                self.functions[member.name] = member
        self.variables = {member.name: member for member in variables.members if not member.prefixed}
        self.prefixes = {member.name: member for member in variables.members if member.prefixed}

    def variable(self, name: str) -> tuple[Variable, str] | None:
        """The declaration behind a variable's name (without `$`) and the suffix ('' for a plain one), or None."""
        plain = self.variables.get(name)
        if plain is not None:
            return plain, ""
        for prefix, member in self.prefixes.items():
            if name.startswith(prefix) and len(name) > len(prefix):
                return member, name[len(prefix) :]
        return None

    def names(self) -> Iterator[str]:
        """Every function and plain variable name."""
        yield from self.functions
        yield from self.variables


def _read_signature(body: Callable[..., Any]) -> tuple[tuple[Param, ...], bool, Any]:
    hints = get_type_hints(body, include_extras=True)
    params: list[Param] = []
    takes_run = False
    for position, parameter in enumerate(inspect.signature(body).parameters.values()):
        hint = hints.get(parameter.name)
        if position == 0 and hint in _RUN_TYPES:
            takes_run = True
            continue
        if get_origin(hint) is not Annotated or not isinstance(get_args(hint)[1], Kind):
            raise TypeError(
                f"{body.__name__}: parameter {parameter.name!r} needs a script type, got {hint!r}"
            )
        variadic = parameter.kind is inspect.Parameter.VAR_POSITIONAL
        optional = variadic or parameter.default is not inspect.Parameter.empty
        params.append(Param(parameter.name.rstrip("_"), get_args(hint)[1], optional, variadic))
    returns = hints.get("return")
    return tuple(params), takes_run, get_args(returns)[0] if get_origin(returns) is Annotated else returns


def _read_docstring(body: Callable[..., Any]) -> tuple[str, tuple[Example, ...]]:
    prose: list[str] = []
    examples: list[Example] = []
    for line in (inspect.getdoc(body) or "").splitlines():
        call, arrow, result = line.partition(" => ")
        if arrow:
            examples.append(Example(call.strip(), result.strip()))
        else:
            prose.append(line)
    return "\n".join(prose).strip(), tuple(examples)
