"""Counters that scripts keep for whoever watches the node, an extension."""

import math
import re
from typing import Final

from edgescript.builtins import Cost, Effect, Family, Num, Str
from edgescript.context import Context
from edgescript.faults import FaultCode, ScriptFault

metrics = Family("metrics", effect=Effect.AMBIENT, extension=True)

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}")
"""As Prometheus names metrics, without its colon."""


@metrics.builtin(cost=Cost(5))
def metric_incr(ctx: Context, name: Str, by: Num = 1) -> bool:
    """
    Count `by` more under `name`, for the node's metrics. What is counted stays, even if the script fails afterwards.

    Return false, and count nothing, when the site's scripts have 100 names already. A name has letters, digits and `_`,
    no digit first, and at most 64 bytes; another name, or a `by` that is negative or no finite number, is error 499.

    metric_incr('refused')      => true
    metric_incr('bytes', 1024)  => true
    """
    if _NAME.fullmatch(name) is None:
        raise ScriptFault(
            FaultCode.OTHER, f"metric_incr: got name {name[:40]!r}, want letters, digits and '_', at most 64"
        )
    if not 0 <= by < math.inf:
        raise ScriptFault(FaultCode.OTHER, f"metric_incr: got {by:g}, want a finite number of 0 or more")
    return ctx.services.metrics.increase(name, float(by))
