"""What a cache key has of a query: the arguments that count, in an order that counts."""

from collections.abc import Iterable


class QueryKey:
    """
    Which arguments are in the key. Names compare as they were sent, not percent-decoded; a name that ends in `*` stands
    for all that begin so. With `keep` nothing else is in the key, with `ignore` all but these.
    """

    __slots__ = ("_beginnings", "_keeps", "_names", "_sorts")

    def __init__(self, names: Iterable[str] = (), *, keep: bool = False, sort: bool = False) -> None:
        given = tuple(names)
        self._names = frozenset(name for name in given if not name.endswith("*"))
        self._beginnings = tuple(name[:-1] for name in given if name.endswith("*"))
        self._keeps = keep
        self._sorts = sort

    def of(self, query: str) -> str:
        """The part of `query` that counts; '' for none."""
        names, beginnings, keeps = self._names, self._beginnings, self._keeps
        kept = []
        for part in query.split("&"):
            name = part.partition("=")[0]
            if (name in names or name.startswith(beginnings)) is keeps and part:
                kept.append(part)
        if self._sorts:
            kept.sort(key=_name)  # stable: what an argument says twice keeps its order
        return "&".join(kept)


def _name(part: str) -> str:
    return part.partition("=")[0]


EVERY_ARGUMENT = QueryKey(("*",))
"""No argument counts."""
