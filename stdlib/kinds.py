"""
Annotations of optional arguments: the kind a script must give, or None when it gives nothing.

The kinds themselves are in `edgescript.builtins`; a builtin whose default is itself a value of the kind needs none
of these.
"""

from typing import Annotated

from edgescript.builtins import Kind
from edgescript.types import Function, Table

OptStr = Annotated[str | None, Kind.STRING]
OptInt = Annotated[int | None, Kind.INTEGER]
OptDict = Annotated[Table | None, Kind.DICTIONARY]
OptFunc = Annotated[Function | None, Kind.FUNCTION]
OptMatcher = Annotated[str | None, Kind.MATCHER]
