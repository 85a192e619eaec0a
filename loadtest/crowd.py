"""
Clients on kept connections that ask one request after another and look at every byte of what they get.

What a client saw of a request is a status, or one of these words:

    wrong     a whole answer with status 200 whose body is not that of its URL
    cut       an answer that ended early, and said so: the rest of its length or its last chunk is missing
    closed    no answer: the connection ended
    late      no answer, or not all of it, within `Crowd.patience_s`
"""

import contextlib
import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple

from loadtest.bodies import body_of

WRONG: Final = "wrong"
CUT: Final = "cut"
CLOSED: Final = "closed"
LATE: Final = "late"
BETWEEN: Final = "in between"
"""The phase of requests that began in one and ended in another, or came when there was none."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Requests of one kind: the name they are counted under, their host, and targets, `{}` in which is a new number each time."""

    name: str
    targets: Sequence[str]
    host: str = "a.example"


class Seen(NamedTuple):
    """What came of a request; `x_cache` is what the node said of where the answer is from."""

    what: str
    x_cache: str = ""


@dataclass(slots=True)
class Tally:
    """What was seen of requests of one name during one phase."""

    seen: Counter[Seen] = field(default_factory=Counter)
    times_s: list[float] = field(default_factory=list)

    def add(self, seen: Seen, took_s: float) -> None:
        self.seen[seen] += 1
        self.times_s.append(took_s)

    @property
    def by_what(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for seen, count in self.seen.items():
            counts[seen.what] += count
        return counts

    @property
    def longest_s(self) -> float:
        return max(self.times_s, default=0.0)


class Crowd:
    """`clients` threads; each goes through `asks` in turn, beginning at another one."""

    def __init__(
        self,
        port: int,
        asks: Sequence[Ask],
        *,
        clients: int = 6,
        pause_s: float = 0.002,
        patience_s: float = 15.0,
    ) -> None:
        self.patience_s = patience_s
        self.clients = clients
        self.phase = BETWEEN
        self.phases: list[str] = []
        self.tallies: dict[tuple[str, str], Tally] = {}
        """By phase and name."""
        self._port = port
        self._pause_s = pause_s
        self._asks = asks
        self._new = itertools.count().__next__
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(each,)) for each in range(clients)]

    @contextlib.contextmanager
    def asking(self) -> Iterator["Crowd"]:
        """They ask while the block runs."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in self._threads:
                thread.join()

    def of(self, phase: str, name: str) -> Tally:
        """What was seen; nothing is an empty tally."""
        with self._lock:
            return self.tallies.get((phase, name), Tally())

    def begin(self, phase: str) -> None:
        """Another phase."""
        self.phase = phase
        self.phases.append(phase)

    def go_between(self) -> None:
        """No phase, until another begins."""
        self.phase = BETWEEN

    def ask_for(self, seconds: float) -> None:
        """Wait while they ask."""
        self._ended.wait(seconds)

    def saw_all(self, phase: str) -> bool:
        """Whether something was seen of every ask in `phase`."""
        with self._lock:
            return all((phase, ask.name) in self.tallies for ask in self._asks)

    def total(self) -> Counter[str]:
        """All that was seen."""
        counts: Counter[str] = Counter()
        for tally in self.tallies.values():
            counts += tally.by_what
        return counts

    def _run(self, first: int) -> None:
        client = Client(self._port, self.patience_s)
        for number in itertools.count(first):
            if self._ended.is_set():
                break
            ask = self._asks[number % len(self._asks)]
            target = ask.targets[number // len(self._asks) % len(ask.targets)]
            phase, began = self.phase, time.perf_counter()
            seen = client.ask(ask.host, target.format(self._new()))
            took_s = time.perf_counter() - began
            self.add(phase if phase == self.phase else BETWEEN, ask.name, seen, took_s)
            self._ended.wait(self._pause_s)
        client.close()

    def add(self, phase: str, name: str, seen: Seen, took_s: float) -> None:
        """Count what was seen of a request."""
        with self._lock:
            self.tallies.setdefault((phase, name), Tally()).add(seen, took_s)


class Client:
    """One connection, made anew when it has ended."""

    def __init__(self, port: int, patience_s: float) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience_s)

    def ask(self, host: str, target: str) -> Seen:
        """GET; what was seen of it."""
        try:
            self._connection.request("GET", target, headers={"Host": host})
            response = self._connection.getresponse()
            return _judged(response, host, target)
        except http.client.IncompleteRead:
            self.close()
            return Seen(CUT)
        except TimeoutError:
            self.close()
            return Seen(LATE)
        except (OSError, http.client.HTTPException):
            self.close()
            return Seen(CLOSED)

    def close(self) -> None:
        self._connection.close()


def _judged(response: http.client.HTTPResponse, host: str, target: str) -> Seen:
    """Raises http.client.IncompleteRead when it ends early."""
    try:
        body = response.read()
    except ConnectionError as error:
        raise http.client.IncompleteRead(b"") from error
    if not {"content-length", "transfer-encoding"} & {name.lower() for name in response.headers}:
        raise http.client.IncompleteRead(body)  # the node always says one of them: the head was cut
    label = response.headers.get("X-Cache", "")
    if response.status != HTTPStatus.OK:
        return Seen(str(response.status), label)
    version = int(response.headers.get("X-Version", 0))
    return Seen("200" if body == body_of(host, target, version) else WRONG, label)


def until(condition: Callable[[], bool], within_s: float, poll_s: float = 0.02) -> bool:
    """Whether `condition()` came to hold within the time."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(poll_s)
    return True
