"""Answering at the edge: `say`, `print`, `exit` (reference section 7.6)."""

from collections.abc import Callable
from typing import Final, Literal

from edgescript.builtins import AnyValue, Cost, Effect, Family, Int, OptStr
from edgescript.context import Context
from edgescript.effects import Answer
from edgescript.faults import FaultCode, ScriptFault
from edgescript.types import number_text, value_text

respond = Family("respond", effect=Effect.WRITES)

_STATUSES: Final = range(200, 600)
"""Final status codes. 1xx are interim responses and belong to the connection (RFC 9110 section 15.2)."""


@respond.builtin(cost=Cost(4, worst=lambda call: call.text("arg") >> 13), reads=())
def say(ctx: Context, arg: AnyValue) -> None:
    """
    Append the text of `arg` and a newline to the response body. The node then answers itself, with 200 unless `exit`
    says otherwise, and does not ask the origin.

    type(say('hello')) => 'nil'
    """
    text = value_text(arg)
    ctx.charge(len(text) >> 13)
    ctx.write(f"{text}\n")


@respond.builtin(cost=Cost(4, worst=lambda call: call.text("arg") >> 13), reads=())
def print_(ctx: Context, arg: AnyValue) -> None:
    """
    Append the text of `arg` to the response body, as `say` does without the newline.

    type(print(1)) => 'nil'
    """
    text = value_text(arg)
    ctx.charge(len(text) >> 13)
    ctx.write(text)


@respond.builtin(cost=Cost(6), may_end=True, ends_when={}, reads=())
def exit_(ctx: Context, code: Int, body: OptStr = None) -> Literal[True]:
    """
    End the request with status `code`, 200 to 599, and `body`. Nothing after it runs, in this script or any other.

    Without `body`, what `say` and `print` have written is the body, and without that the node's page for the status.
    With `body`, what was written before is dropped. Headers set before are sent. Another code is error 499.

    exit(403, 'no') => true
    exit(404)       => true
    """
    _check_status(code)
    return _end(ctx, code, body)


def _check_status(code: int) -> None:
    if code not in _STATUSES:
        raise ScriptFault(FaultCode.OTHER, f"exit: got status {number_text(code)}, want 200 to 599")


def _end(ctx: Context, code: int, body: str | None) -> Literal[True]:
    if body is not None and len(body) > ctx.limits.output_bytes:
        raise ScriptFault(
            FaultCode.OTHER, f"more than {ctx.limits.output_bytes} bytes of output", limit="output_bytes"
        )
    ctx.end(Answer(code, body))
    return True


@respond.specialised(exit_, "code", "body")
def _exit_fixed(code: int, body: str | None = None) -> Callable[..., Literal[True]] | None:
    """An answer that is known at load time; None for a body that is judged by the limits of the site."""
    _check_status(code)
    if body is not None:
        return None
    answer = Answer(code, None)

    def end(ctx: Context) -> Literal[True]:
        ctx.effects.end = answer
        ctx.ended = True
        return True

    return end


@respond.specialised(exit_, "code")
def _exit_constant(code: int) -> Callable[..., Literal[True]]:
    _check_status(code)

    def end(ctx: Context, body: str | None = None) -> Literal[True]:
        return _end(ctx, code, body)

    return end
