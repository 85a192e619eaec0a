"""An object being collected for the store while it passes through."""

from dataclasses import dataclass

from runtime.cache.store import StoredResponse
from runtime.http.storage import Store
from runtime.proxy.messages import UpstreamHead


@dataclass
class Collection:
    """An object being collected for the store."""

    decision: Store
    head: UpstreamHead
    response_time: float
    chunks: list[bytes]
    size: int = 0


def decision_for_once(stored: StoredResponse) -> Store:
    """For a validated response that may be sent this once and not kept."""
    return Store(0, False, True, True, (), stored.validators)
