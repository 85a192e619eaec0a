"""The process that works: a job after another from a socket, until that ends."""

import socket
from collections.abc import Callable
from typing import Any

import msgspec

from runtime.console.bench.wire import Decide, Done, Findings, Job, Make, Refusal, Run, receive, send
from runtime.console.model.refusal import Refused
from runtime.console.service.jobs import Work

_JOBS: msgspec.msgpack.Decoder[Job] = msgspec.msgpack.Decoder(Job)


def serve(connection: socket.socket, work: Work, watch: Callable[[bool], None]) -> None:
    """
    Do what is asked until nobody asks any more. Raises what a job raises beside Refused: the process then ends, and is replaced.

    `watch` is told True when a job begins and False when it has ended. An empty message says that the first may come: what the
    start took is nobody's job.
    """
    send(connection, b"")
    while (asked := receive(connection)) is not None:
        watch(True)
        answer = _answer(work, _JOBS.decode(asked))
        watch(False)
        send(connection, answer)


def _answer(work: Work, job: Job) -> bytes:
    try:
        result = msgspec.msgpack.encode(_result(work, job))
    except Refused as refused:
        extra = msgspec.to_builtins(refused.extra)
        return msgspec.msgpack.encode(Refusal(refused.code, refused.detail, extra))
    return msgspec.msgpack.encode(Done(msgspec.Raw(result)))


def _result(work: Work, job: Job) -> Any:
    match job:
        case Findings(name, source):
            return work.findings(name, source)
        case Make(name, text):
            return work.made(name, text)
        case Decide(name, old, new):
            return work.decided(name, old, new)
        case Run(tried):
            return work.run(tried)
