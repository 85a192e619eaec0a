"""
What a run can depend on beside its text and its site: the words in which builtins and built-in variables declare it.

A declaration names `Part`s, or a parameter that names one: `reads=(Part.CLIENT_ADDR,)`, `reads=(Part.HEADER,)` with the
field in the parameter `name`. None, which is what there is without a declaration, stands for anything at all: randomness,
counters, what happens beside the effects. `edgescript.reading` makes of the declarations what a whole script depends on.

`()` promises that a call gives the same for the same arguments as long as the site is served as it is: its dictionaries,
its databases of addresses, its limits and the names of its origins count as the site. Effects are no dependence, they
are what comes of a run, but only those that `Effects` holds.
"""

from enum import Enum
from typing import Final, TypeAlias


class Part(Enum):
    """A part of what a run is given. The value of a fact is its attribute of `Request`."""

    METHOD = "method"
    PROTOCOL = "protocol"
    SCHEME = "scheme"
    HOST = "host"
    CLIENT_ADDR = "client_addr"
    CLIENT_PORT = "client_port"
    SERVER_ADDR = "server_addr"
    SERVER_PORT = "server_port"
    TARGET = "target"
    """Path and query, and anything of either."""
    HEADER = "header"
    """The first line of a field, by its name; all fields where no constant names one."""
    COOKIE = "cookie"
    """The first value of a cookie, likewise."""
    TIME = "time"
    """The result is the time itself, in seconds: where that is only compared, it is known until when the outcome holds."""
    SECOND = "second"
    """The time in whole seconds."""
    MILLISECOND = "millisecond"
    """The time as exact as there is."""
    LIMIT = "limit"
    """A limit, which counts the request: it has to be asked each time, and the outcome is the same while it lets pass."""


Reads: TypeAlias = tuple[Part | tuple[Part, str], ...] | None
"""What a call or a variable reads, with the name where it is always the same; () is nothing, None is unknown."""

NAMED: Final = frozenset({Part.HEADER, Part.COOKIE})
"""Parts of which there are many, told by a name."""
NAMING: Final = "name"
"""The parameter of a builtin that holds such a name."""
FACTS: Final = {part.value: part for part in Part if part not in NAMED}
"""Parts by the attribute of `Request` that holds them, times aside. `path` and `query` are of the target."""
FACTS.update(path=Part.TARGET, query=Part.TARGET)
