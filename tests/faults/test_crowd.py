"""What a client of the crowd makes of answers: right, wrong, cut, none."""

import socket
import threading
from contextlib import contextmanager

import pytest

from loadtest.bodies import body_of
from loadtest.crowd import CLOSED, CUT, LATE, WRONG, Ask, Client, Crowd, Seen

HOST, TARGET = "a.example", "/keep/3000/a"
RIGHT = body_of(HOST, TARGET)
LENGTH = b"HTTP/1.1 200 OK\r\nX-Cache: HIT\r\nContent-Length: %d\r\n\r\n"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n"

ANSWERS = {
    "the right body": (LENGTH % 3000 + RIGHT, Seen("200", "HIT")),
    "the right body in chunks": (CHUNKS % (3000, RIGHT) + b"0\r\n\r\n", Seen("200")),
    "the body of another URL": (LENGTH % 3000 + body_of(HOST, "/keep/3000/b"), Seen(WRONG, "HIT")),
    "the body of another host": (LENGTH % 3000 + body_of("b.example", TARGET), Seen(WRONG, "HIT")),
    "a part passed off as whole": (LENGTH % 2999 + RIGHT[:-1], Seen(WRONG, "HIT")),
    "a part passed off as whole, in chunks": (CHUNKS % (2000, RIGHT[:2000]) + b"0\r\n\r\n", Seen(WRONG)),
    "parts in another order": (
        LENGTH % 3000 + RIGHT[1024:2048] + RIGHT[:1024] + RIGHT[2048:],
        Seen(WRONG, "HIT"),
    ),
    "nothing passed off as whole": (LENGTH % 0, Seen(WRONG, "HIT")),
    "less than the length": (LENGTH % 3000 + RIGHT[:-1], Seen(CUT)),
    "no last chunk": (CHUNKS % (3000, RIGHT), Seen(CUT)),
    "another status": (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno", Seen("502")),
    "no answer": (b"", Seen(CLOSED)),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", Seen(CUT)),
    "no HTTP": (b"220 mail.example\r\n\r\n", Seen(CLOSED)),
}


@contextmanager
def answering(data, *, then_close=True):
    """A server that answers the first request of each connection with `data`; its port."""
    done = threading.Event()

    def serve():
        while not done.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            with connection:
                connection.recv(65536)
                connection.sendall(data)
                if not then_close:
                    done.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("case", ANSWERS)
def test_what_is_made_of_an_answer(case):
    data, seen = ANSWERS[case]
    with answering(data) as port:
        client = Client(port, 5)
        assert client.ask(HOST, TARGET) == seen
        client.close()


@pytest.mark.parametrize("data", [b"", LENGTH % 3000 + RIGHT[:100]], ids=["no head", "part of a body"])
def test_an_answer_that_does_not_come_is_late(data):
    with answering(data, then_close=False) as port:
        client = Client(port, 0.1)
        assert client.ask(HOST, TARGET) == Seen(LATE)
        client.close()


def test_a_crowd_counts_by_phase_and_name():
    with answering(LENGTH % 3000 + RIGHT) as port:
        crowd = Crowd(port, [Ask("one", [TARGET])], clients=2)
        with crowd.asking():
            for phase in ("first", "second"):
                crowd.begin(phase)
                while not crowd.saw_all(phase):
                    crowd.ask_for(0.01)
    assert set(crowd.tallies) >= {("first", "one"), ("second", "one")}
    assert crowd.of("first", "one").by_what["200"] > 0
    assert crowd.of("third", "one").times_s == []
    assert crowd.total()["200"] == sum(tally.by_what["200"] for tally in crowd.tallies.values())


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 100_000])
def test_a_body_has_the_size_that_its_url_says(size):
    assert len(body_of(HOST, f"/keep/{size}/a")) == size


def test_bodies_differ_by_host_target_and_version():
    assert len({body_of(*of) for of in ((HOST, "/a"), ("b", "/a"), (HOST, "/b"), (HOST, "/a", 1))}) == 4
