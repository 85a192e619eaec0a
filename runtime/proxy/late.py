"""
Scripts that wait for the response's head: what goes on when it is made, whoever makes it (U-17).

A `Continuation` is made when the scripts of a request have run and some of them wait. Whoever makes the head, from
memory, from the origin or from a script's own answer, lets it `hear` the head's fields once, and gets the effects that
hold from then on, or the answer that a script ended the request with.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edgescript.context import Context
from edgescript.effects import Effects
from edgescript.pipeline import ScriptResult, conclude, respond
from edgescript.request import Headers, Request
from runtime.http.dates import format_http_date
from runtime.proxy.header_ops import Fields
from runtime.proxy.own_answer import Immediate, Response, synthesise, synthetic, whole_of_script
from runtime.proxy.respond import MADE_ANEW

Heard = Callable[[Context, Sequence[ScriptResult]], None]
"""Told of what the scripts did when they went on."""


class Outcome(NamedTuple):
    """The effects that hold now; with `answer` a script has ended the request, and that is the whole response."""

    effects: Effects
    answer: Immediate | None


class Continuation:
    """
    The scripts of one request that wait. `context` serves other requests in the meantime.

    To be made before anything is concluded from what the scripts asked for.
    """

    __slots__ = ("_context", "_effects", "_heard", "_leases", "_now", "_request", "_results", "_timer")

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
        self._effects = context.effects.snapshot()
        self._leases = context.leases
        self._results = results
        self._timer = timer
        self._heard = heard

    def hear(self, fields: Fields, keep_alive: bool, now: float, length: int | None = None) -> Outcome:
        """
        Let the scripts go on; call once, at Unix second `now`.

        `fields` are the response's end-to-end ones, without this request's wishes; `length` is the bytes of its
        content where no field says it. So a script reads the same whoever made the head.
        """
        named = {name.lower() for name, _ in fields}
        told = [field for field in fields if field[0].lower() not in MADE_ANEW - {b"content-length"}]
        if b"date" not in named:
            told.append((b"Date", format_http_date(int(now))))
        if length is not None and b"content-length" not in named:
            told.append((b"Content-Length", b"%d" % length))
        head = Headers(
            tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in told)
        )
        context, results = self._context, self._results
        context.renew(self._request, self._now)
        context.leases = self._leases  # what a run from the start asks for again is held already
        respond(context, self._effects, head, results, None if results is None else self._timer)
        for lease in context.leases[len(self._leases) :]:
            lease.release()  # taken after the wait: whoever gives leases back has counted them before
        effects = context.effects
        if effects.output:
            conclude(context)
        context.ended = effects.end is not None
        if effects.debug:
            effects.show_debug()
        self._heard(context, results or ())
        if effects.end is None:
            return Outcome(effects, None)
        return Outcome(effects, whole_of_script(effects, self._request, keep_alive, self._now))


def own_answer(context: Context, continuation: Continuation | None, keep_alive: bool) -> Immediate | None:
    """
    The answer of a script that ended the request; scripts that wait for its head go on first.

    None when what had been said, and nothing else, made the answer and an error took it back: the request goes on, with
    the effects of `context`.
    """
    if continuation is None:
        return synthesise(context, keep_alive)
    made: Response = synthetic(context.effects)
    return continuation.hear(made.fields, keep_alive, context.now_s, len(made.body)).answer
