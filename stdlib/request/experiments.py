"""
A/B tests, an extension: which group something belongs to, by a stable hash.

The hash is the first 8 bytes of SHA-256 over the experiment's name, a zero byte, and the id, read as a big-endian
fraction of 2^64. Groups lie along that line in the order of their names, each as long as its weight. So the same id
stays in its group on every node and after every restart, the order of a literal does not matter, and two experiments
divide the same ids independently.
"""

import hashlib
import math

from edgescript.builtins import Cost, Dict, Effect, Family, Str, Text
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import Meter
from edgescript.types import Table, value_text

experiments = Family("experiments", effect=Effect.PURE, extension=True)


@experiments.builtin(
    cost=Cost(
        36,
        per="weights",
        shift=0,
        worst=lambda call: 8 * call.entries("weights") + (call.text("name") + call.text("id") + 1 >> 6),
        makes=lambda call: call.each("weights"),
    )
)
def ab_group(meter: Meter, name: Str, id_: Text, weights: Dict) -> str:
    """
    Return the group that `id` belongs to in experiment `name`, out of those in `weights`, likely by their weights.

    The answer is the same for the same name, id and weights, everywhere and always. Weights are finite numbers above
    0 under strings, at least one, or it is error 499.

    ab_group('checkout', 'user-1', ['a' = 50, 'b' = 50]) => 'a'
    ab_group('checkout', 'user-1', ['only' = 1])          => 'only'
    """
    groups = _groups(weights)
    meter.charge(8 * len(groups))
    text = f"{name}\0{value_text(id_)}"
    meter.charge(len(text) >> 6)
    digest = hashlib.sha256(text.encode("latin-1")).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64 * sum(weight for _, weight in groups)
    for group, weight in groups:
        point -= weight
        if point < 0:
            return group
    return groups[-1][0]  # rounding at the far end of the line


def _groups(weights: Table) -> list[tuple[str, float]]:
    """(name, weight) in order of the names. Raises 499."""
    groups: list[tuple[str, float]] = []
    for key, weight in weights.items():
        if not isinstance(key, str) or isinstance(weight, bool) or not isinstance(weight, int | float):
            raise _refusal()
        if not 0 < weight < math.inf:
            raise _refusal()
        groups.append((key, float(weight)))
    if not groups or math.isinf(sum(weight for _, weight in groups)):
        raise _refusal()
    return sorted(groups)


def _refusal() -> ScriptFault:
    return ScriptFault(
        FaultCode.OTHER,
        "ab_group: want group names with finite weights above 0, such as ['a' = 50, 'b' = 50]",
    )
