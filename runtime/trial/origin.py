"""The origin of a request that is tried: it answers what was stated, whatever it is asked."""

from collections.abc import Sequence

from runtime.proxy.simulate import Origin, OriginAnswer
from runtime.upstreams.upstream import Upstream


class EveryName(dict[str, Upstream]):
    """One upstream under every name: what `set_origin` may choose where no configuration names any."""

    def __init__(self, upstream: Upstream) -> None:
        super().__init__()
        self._upstream = upstream

    def __contains__(self, _name: object) -> bool:
        return True

    def __missing__(self, _name: str) -> Upstream:
        return self._upstream


def stated(status: int, fields: Sequence[tuple[str, str]], body: str) -> Origin:
    """An origin that always answers the same; `fields` and `body` as scripts hold text."""
    answer = OriginAnswer(
        status,
        [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields],
        body.encode("latin-1"),
    )
    return lambda _forward: answer
