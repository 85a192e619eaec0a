"""
What a run was told by services whose answers differ from call to call, kept so that the run can be repeated.

A script that waits for the response's head is run again from its start when there is one (`pipeline.respond`). The
request and the clock are the same then; chance and counting would not be, so the second run hears the first's answers
as far as they go, and only then asks again. No request is counted twice. (`limit_conn` needs no tape: a request keeps
what it was told, `Context.leases`.)

Limits are asked again for a request whose outcome is known while they let it pass (`LimitTape`, `ask_again`). Where one does
not, the script is run, and hears what they have said.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from edgescript.services import Metrics, RequestLimiter, Services


class Tape:
    """Plays the services' answers, and records those it has not. `rewind` before each run."""

    def __init__(self, services: Services) -> None:
        self._answers: list[Any] = []
        self._at = 0
        self.services = replace(
            services,
            random=_Random(self, services.random),
            limiter=_Limiter(self, services.limiter),
            metrics=_Metrics(self, services.metrics),
        )

    def rewind(self) -> None:
        """The next answer is the first of the run."""
        self._at = 0

    def answer(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        """What the run is told here: what it was told before, else what `ask` says now."""
        if self._at == len(self._answers):
            self._answers.append(ask(*arguments))
        self._at += 1
        return self._answers[self._at - 1]


class _Random:
    def __init__(self, tape: Tape, source: Any) -> None:
        self._tape = tape
        self._source = source

    def random(self) -> float:
        return float(self._tape.answer(self._source.random))

    def randint(self, a: int, b: int, /) -> int:
        return int(self._tape.answer(self._source.randint, a, b))

    def randbytes(self, n: int, /) -> bytes:
        return bytes(self._tape.answer(self._source.randbytes, n))

    def seed(self, a: Any = None, /) -> None:
        self._tape.answer(self._source.seed, a)


class _Limiter:
    def __init__(self, tape: Tape, limiter: RequestLimiter) -> None:
        self._tape = tape
        self._limiter = limiter

    def wait(self, key: str, rate_per_s: float, burst: float, now_s: float, /) -> float:
        return float(self._tape.answer(self._limiter.wait, key, rate_per_s, burst, now_s))

    def admit_in_window(self, key: str, most: int, window_s: float, now_s: float, /) -> bool:
        return bool(self._tape.answer(self._limiter.admit_in_window, key, most, window_s, now_s))

    def shadow_refused(self) -> None:
        self._tape.answer(self._limiter.shadow_refused)


class Limit(NamedTuple):
    """A limit that has let a request pass: `ask(key, amount, per, now)` asks it again, and it refuses below `least`."""

    ask: Callable[[str, Any, float, float], float]
    key: str
    amount: float
    per: float
    least: int


_LEAST_WAIT_S: Final = 0
_ADMITTED: Final = 1


class LimitTape:
    """
    Tells a run what limits have said already, and notes those it asks. `begin` before each run.

    The same tape serves all requests of a site, one after the other.
    """

    def __init__(self, services: Services) -> None:
        self._limiter = services.limiter
        self.services = replace(services, limiter=self)
        self.asked: list[Limit] = []
        """Those that the run has asked and that let it pass, in order."""
        self.refused = False
        """One of them did not."""
        self._told: Sequence[float] = ()
        self._at = 0

    def begin(self, told: Sequence[float] = ()) -> None:
        """The next run is to hear `told` first."""
        self.asked = []
        self.refused = False
        self._told = told
        self._at = 0

    def wait(self, key: str, rate_per_s: float, burst: float, now_s: float, /) -> float:
        """As the limiter's."""
        return self._answer(Limit(self._limiter.wait, key, rate_per_s, burst, _LEAST_WAIT_S), now_s)

    def admit_in_window(self, key: str, most: int, window_s: float, now_s: float, /) -> bool:
        """As the limiter's."""
        return bool(self._answer(Limit(self._limiter.admit_in_window, key, most, window_s, _ADMITTED), now_s))

    def shadow_refused(self) -> None:
        """As the limiter's. It follows a refusal, with which what is told ends, so it has not been said before."""
        self._limiter.shadow_refused()

    def _answer(self, limit: Limit, now_s: float) -> float:
        at = self._at
        self._at = at + 1
        ask, key, amount, per, least = limit
        said = self._told[at] if at < len(self._told) else ask(key, amount, per, now_s)
        if said < least:
            self.refused = True
        else:
            self.asked.append(limit)
        return said


def ask_again(limits: Sequence[Limit], now_s: float) -> list[float] | None:
    """Ask limits for another request: None if all let it pass, else what they said up to the first that does not."""
    said: list[float] = []
    for ask, key, amount, per, least in limits:
        said.append(ask(key, amount, per, now_s))
        if said[-1] < least:
            return said
    return None


class _Metrics:
    def __init__(self, tape: Tape, metrics: Metrics) -> None:
        self._tape = tape
        self._metrics = metrics

    def increase(self, name: str, by: float, /) -> bool:
        return bool(self._tape.answer(self._metrics.increase, name, by))
