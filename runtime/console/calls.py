"""
Calls into the service, which waits for a store, made in threads so that the loop goes on.

The pool is bounded, and so is the queue before it: when both are full a call is refused at once, which is better for
everybody than a wait that ends in a timeout.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

THREADS: Final = 8
"""A store serialises writes, so more would only wait; reads are short."""
MAX_WAITING: Final = 256

P = ParamSpec("P")
T = TypeVar("T")


class Overloaded(Exception):  # noqa: N818 - a state of ours, no fault of the caller's
    """Too many calls are under way."""


class Calls:
    """A bounded pool of threads, called as `await calls(function, *arguments)`."""

    def __init__(self, threads: int = THREADS, waiting: int = MAX_WAITING, name: str = "service") -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self.under_way = 0
        """Calls that run or wait for a thread."""

    async def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` returns or raises. Raises Overloaded."""
        if self.under_way >= self._most:
            raise Overloaded
        self.under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, lambda: function(*args, **kwargs))
        future.add_done_callback(self._done)
        # A caller that goes away does not end the call: what it began is carried out or not, never half.
        return await asyncio.shield(future)

    def _done(self, future: "asyncio.Future[T]") -> None:
        self.under_way -= 1
        if not future.cancelled():
            future.exception()  # looked at on behalf of a caller that has gone

    def close(self) -> None:
        """Wait for what is under way, take nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
