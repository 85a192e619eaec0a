"""
Scripts that wait for the response's head: what goes on when it is made, whoever makes it (U-17).

A `Continuation` is made when the scripts of a request have run and some of them wait. Whoever makes the head, from
memory, from the origin or from a script's own answer, lets it `hear` the head's fields once, and gets the effects that
hold from then on, or the answer that a script ended the request with.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edgescript.context import Context
from edgescript.effects import Answer, Effects
from edgescript.pipeline import ScriptResult, conclude, respond
from edgescript.request import Headers, Request
from runtime.proxy.header_ops import Fields
from runtime.proxy.own_answer import Immediate, Response, synthesise, synthetic, whole_of_script
from runtime.proxy.respond import with_script_ops

Heard = Callable[[Context, Sequence[ScriptResult]], None]
"""Told of what the scripts did when they went on."""


class Outcome(NamedTuple):
    """The effects that hold now; with `answer` a script has ended the request, and that is the whole response."""

    effects: Effects
    answer: Immediate | None


class Continuation:
    """The scripts of one request that wait. `context` serves other requests in the meantime."""

    __slots__ = ("_context", "_effects", "_end", "_heard", "_now", "_request", "_results", "_timer")

    def __init__(
        self,
        context: Context,
        results: list[ScriptResult] | None,
        timer: Callable[[], float],
        heard: Heard,
    ) -> None:
        self._context = context
        self._request: Request = context.request
        self._now = context.now_s
        self._effects = context.effects
        self._end = context.effects.end
        """How a script ended the request already, if one did."""
        self._results = results
        self._timer = timer
        self._heard = heard

    def hear(self, fields: Fields, keep_alive: bool) -> Outcome:
        """Let the scripts go on; call once. `fields` are those of the response without this request's wishes."""
        before = self._effects
        asked_for = with_script_ops(list(fields), before.response_headers, self._request)
        head = Headers(
            tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in asked_for)
        )
        context = self._context
        context.renew(self._request, self._now)
        respond(
            context, before.waiting, head, self._results, self._timer if self._results is not None else None
        )
        self._conclude(context)
        effects = before.followed_by(context.effects)
        self._heard(context, self._results or ())
        if not context.ended:
            return Outcome(effects, None)
        effects.end = context.effects.end
        return Outcome(effects, whole_of_script(effects, self._request, keep_alive, self._now))

    def _conclude(self, context: Context) -> None:
        """What was said before the wait and after it is one body, as if there had been no wait."""
        late = context.effects
        if not late.output:
            return
        late.output = [*self._effects.output, *late.output]
        if late.end is None:
            late.end = self._end
        if isinstance(late.end, Answer) or late.end is None:
            conclude(context)
        context.ended = True


def own_answer(context: Context, continuation: Continuation | None, keep_alive: bool) -> Immediate:
    """The answer of a script that ended the request; scripts that wait for its head go on first."""
    if continuation is None:
        return synthesise(context, keep_alive)
    response: Response = synthetic(context.effects)
    effects, request, now = context.effects, context.request, context.now_s
    outcome = continuation.hear(response.fields, keep_alive)
    if outcome.answer is not None:
        return outcome.answer
    outcome.effects.end = effects.end
    return whole_of_script(outcome.effects, request, keep_alive, now)
