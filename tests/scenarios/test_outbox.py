"""What is written at the end of a turn of the loop: in order, once, and nobody's trouble is anybody else's."""

import asyncio
import socket

import uvloop

from runtime.io.outbox import Outbox
from tests.support.waiting import eventually


class Written:
    """A request or an answer that says when it was written."""

    def __init__(self, name, log, fileno=-1):
        self.name, self.log, self.fileno = name, log, fileno

    def flush(self, *heard):
        self.log.append((self.name, *heard))
        if self.name == "bad":
            raise ConnectionError


def played(story):
    """What was written by `story`, a function of an outbox and a log, and what the loop complained of."""
    log, complaints = [], []

    async def play():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context["exception"]))
        story(Outbox(loop), log)
        assert log == []
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(play())
    return log, complaints


def test_requests_then_answers_at_the_end_of_the_turn():
    def story(outbox, log):
        outbox.add_answer(Written("a", log))
        outbox.add_answer(Written("b", log))

    assert played(story) == ([("a",), ("b",)], [])


def test_the_system_is_asked_who_is_silent():
    quiet, other = socket.socketpair()
    heard, sender = socket.socketpair()
    sender.send(b"x")

    def story(outbox, log):
        outbox.add_request(Written("quiet", log, quiet.fileno()))
        outbox.add_request(Written("heard", log, heard.fileno()))

    assert played(story) == ([("quiet", False), ("heard", True)], [])
    for each in (quiet, other, heard, sender):
        each.close()


def test_trouble_is_told_and_the_others_are_written():
    def story(outbox, log):
        for name in ("a", "bad", "b"):
            outbox.add_answer(Written(name, log))

    log, complaints = played(story)
    assert log == [("a",), ("bad",), ("b",)]
    assert [type(each) for each in complaints] == [ConnectionError]


def test_what_is_added_while_writing_is_written_in_the_next_turn():
    class Again(Written):
        def __init__(self, outbox, log):
            super().__init__("again", log)
            self.outbox = outbox

        def flush(self):
            super().flush()
            if len(self.log) < 3:
                self.outbox.add_answer(self)

    async def play():
        log = []
        outbox = Outbox(asyncio.get_running_loop())
        outbox.add_answer(Again(outbox, log))
        outbox.flush()
        assert len(log) == 1
        outbox.flush()
        assert len(log) == 2
        await eventually(lambda: len(log) == 3)

    asyncio.run(play())
