"""`service.jobs.Work`, done by a pool of processes."""

from typing import Any, TypeVar

import msgspec

from runtime.console.bench.pool import Pool, TookTooLong
from runtime.console.bench.wire import Answer, Decide, Findings, Job, Make, Refusal, Run
from runtime.console.model.refusal import Refused
from runtime.console.service.answers import Diagnostics
from runtime.console.service.jobs import Decided, Made
from runtime.console.service.texts import Text
from runtime.console.service.trials import Tried

T = TypeVar("T")


class Distant:
    """Asks `pool`. Every method raises Refused, `invalid` for what was ended because it took too long or too much."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def findings(self, name: str, source: str) -> Diagnostics:
        return self._done(Findings(name, source), Diagnostics)

    def made(self, name: str, text: Text) -> Made:
        return self._done(Make(name, text), Made)

    def decided(self, name: str, old: Text, new: Text) -> Decided:
        return self._done(Decide(name, old, new), Decided)

    def run(self, tried: Tried) -> dict[str, Any]:
        return self._done(Run(tried), dict[str, Any])

    def _done(self, job: Job, kind: type[T]) -> T:
        try:
            data = self._pool.ask(msgspec.msgpack.encode(job))
        except TookTooLong:
            raise Refused("invalid", "this takes too long, or too much memory, to be tried") from None
        answer: Answer = msgspec.msgpack.decode(data, type=Answer)
        if isinstance(answer, Refusal):
            raise Refused(answer.code, answer.detail, **answer.extra)
        return msgspec.msgpack.decode(answer.result, type=kind)
