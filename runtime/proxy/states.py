"""States of a machine as tables: what is done with each event."""

from collections.abc import Callable
from typing import TypeVar

from runtime.proxy.messages import Command

_Step = TypeVar("_Step", bound=Callable[..., list[Command]])


class State(dict[type, Callable[..., list[Command]]]):
    """What a machine does with each event in this state; one that is not here comes too late and changes nothing."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def on(event: type, *states: State) -> Callable[[_Step], _Step]:
    """The method below is what is done with `event` in `states`."""

    def entered(step: _Step) -> _Step:
        for state in states:
            state[event] = step
        return step

    return entered
