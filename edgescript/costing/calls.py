"""
A call of a builtin before the run: what its declaration says of its charges and of its result.

Without a declared `makes`, a result is what its annotation and the limits of a run allow; where a dictionary is among
the arguments and the annotation is any value, it is one of the values in there.
"""

from collections.abc import Sequence
from typing import Final

from edgescript import calls, typeset
from edgescript.bounds import InputBounds, Made, Tree
from edgescript.builtins import Builtin, Effect, Kind
from edgescript.costing.shapes import NOTHING, UNDEF, Heap, Shape, join
from edgescript.meter import Limits
from edgescript.types import Value

_MOST_DEPTH: Final = 100
"""Levels at which a dictionary in itself is left: what is counted by then is past every budget."""
_ENDLESS: Final = 1 << 40


class Call:
    """One call at one place; a `CallBounds`."""

    def __init__(
        self,
        builtin: Builtin,
        arguments: Sequence[Shape],
        heap: Heap,
        limits: Limits,
        inputs: InputBounds,
        site: int,
    ) -> None:
        self.builtin = builtin
        self.arguments = arguments
        self.heap = heap
        self.limits = limits
        self.inputs = inputs
        self.site = site
        self.count = len(arguments)

    # What declarations ask

    @property
    def result(self) -> int:
        return self._made().bytes

    def size(self, name: str) -> int:
        return sum(map(self._size, self._named(name)))

    def text(self, name: str) -> int:
        return sum(each.text_bytes for each in self._named(name))

    def entries(self, name: str) -> int:
        return max(map(self.heap.entries, self._named(name)), default=0)

    def each(self, name: str) -> int:
        return max(
            (
                max(self.heap.keys(shape).text_bytes, self.heap.values(shape).text_bytes)
                for shape in self._named(name)
            ),
            default=0,
        )

    def tree(self, name: str) -> Tree:
        tables = entries = size = 0
        for shape in self._named(name):
            more = self._tree(shape, _MOST_DEPTH)
            tables, entries, size = tables + more.tables, entries + more.entries, size + more.bytes
        return Tree(tables, entries, size)

    def constant(self, name: str) -> Value:
        named = self._named(name)
        return named[0].constant if len(named) == 1 else None

    def cut(self, name: str, first: str, last: str) -> int:
        size = self.size(name)
        i, j = self.constant(first), self.constant(last)
        if isinstance(i, int | float) and isinstance(j, int | float) and i * j > 0:
            # Both count from the same end.
            return min(size, max(int(j) - int(i) + 1, 0))
        return size

    def table(self, entries: int, each: int, *, nested: bool = False) -> Made:
        return Made(0, entries, each, nested)

    # What the analysis asks

    def fuel(self) -> int:
        """The most that is charged at the call, beyond the `base` of its segment and what callbacks use."""
        cost = self.builtin.cost
        size = sum(map(self._size, self._at(calls.per_indexes(self.builtin, self.count))))
        if cost.bound:
            size = min(size, getattr(self.limits, cost.bound))
        fuel = size >> cost.shift if size > cost.free_size else 0
        return fuel + (cost.worst(self) if cost.worst is not None else 0)

    def callbacks(self) -> tuple[Shape, int]:
        """The functions that the body may call, as one shape, and how often; and note what it does to its arguments."""
        functions = NOTHING
        for index, shape in enumerate(self.arguments):
            if self.builtin.param_at(index).kind is Kind.FUNCTION:
                functions = join(functions, shape)
        if not functions.functions:
            return functions, 0
        declared = self.builtin.cost.calls
        return functions, self.limits.calls if declared is None else min(declared(self), self.limits.calls)

    def passed(self, count: int) -> list[Shape]:
        """What a callback of `count` parameters may be given; undeclared, any argument and all that is in them."""
        sources = self.builtin.cost.passes
        if sources:
            given = [self._source(source) for source in sources[:count]]
            return given + [UNDEF] * (count - len(given))
        found = UNDEF
        for shape in self.arguments:
            found = join(join(found, shape), join(self.heap.keys(shape), self.heap.values(shape)))
        return [found] * count

    def _source(self, source: str) -> Shape:
        name, _, part = source.partition(".")
        take = {"": lambda shape: shape, "keys": self.heap.keys, "values": self.heap.values}[part]
        found = NOTHING
        for shape in self._named(name):
            found = join(found, take(shape))
        return found

    def change(self, times: int) -> None:
        """Note what `times` calls do to dictionaries: one entry more in each, out of the other arguments."""
        if self.builtin.effect is not Effect.MUTATES:
            return
        given = [
            shape
            for index, shape in enumerate(self.arguments)
            if self.builtin.param_at(index).kind is Kind.ANY
        ]
        if not given:
            return
        shape = NOTHING
        for each in given:
            shape = join(shape, each)
        keys = join(shape, Shape(typeset.INT))
        for index, dictionary in enumerate(self.arguments):
            if self.builtin.param_at(index).kind is Kind.DICTIONARY:
                self.heap.give(dictionary, times, keys, shape)

    def returned(self) -> Shape:
        """What comes back."""
        types = typeset.of_annotation(self.builtin.returns)
        inner = NOTHING
        if self.builtin.cost.makes is None and types == typeset.ANY:
            for shape in self.arguments:
                inner = join(inner, self.heap.values(shape))
        if inner.types:
            return join(inner, Shape(typeset.FALSE | typeset.UNDEF))
        made = self._made()
        shape = Shape(types & ~typeset.TABLE, made.bytes if types & typeset.STRING else 0)
        if types & typeset.TABLE:
            keys = Shape(typeset.STRING | typeset.INT, made.each)
            values = Shape(typeset.ANY & ~(typeset.TABLE | typeset.FUNCTION), made.each)
            table = self.heap.make(self.site, made.entries, keys, values)
            if made.nested:
                table = self.heap.make(self.site, made.entries, keys, join(values, table))
            shape = join(shape, table)
        return shape

    def _made(self) -> Made:
        makes = self.builtin.cost.makes
        if makes is None:
            limits = self.limits
            return Made(limits.value_bytes, limits.dictionary_entries, limits.value_bytes, nested=True)
        made = makes(self)
        if isinstance(made, int):
            made = Made(made)
        return made._replace(
            bytes=min(made.bytes, self.limits.value_bytes),
            entries=min(made.entries, self.limits.dictionary_entries),
            each=min(made.each, self.limits.value_bytes),
        )

    def _named(self, name: str) -> Sequence[Shape]:
        for index, param in enumerate(self.builtin.params):
            if param.name == name:
                return self.arguments[index:] if param.variadic else self.arguments[index : index + 1]
        raise KeyError(name)

    def _at(self, indexes: range) -> Sequence[Shape]:
        return self.arguments[indexes.start : indexes.stop]

    def _size(self, shape: Shape) -> int:
        return max(shape.bytes, self.heap.entries(shape) if shape.sites else 0)

    def _tree(self, shape: Shape, depth: int) -> Tree:
        if not shape.sites:
            return Tree(0, 0, 0)
        if not depth:
            return Tree(_ENDLESS, _ENDLESS, _ENDLESS)
        heap = self.heap
        entries, values = heap.entries(shape), heap.values(shape)
        inner = self._tree(values, depth - 1)
        if min(inner.entries, entries) and inner.entries * entries > _ENDLESS:
            return Tree(_ENDLESS, _ENDLESS, _ENDLESS)
        own = heap.keys(shape).text_bytes + values.text_bytes
        return Tree(
            1 + entries * inner.tables, entries + entries * inner.entries, entries * (own + inner.bytes)
        )
