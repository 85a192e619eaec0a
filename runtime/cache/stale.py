"""A soft purge: the stored response stays, and is stale from then on."""

import copy

from runtime.cache.store import StoredResponse


def stale_from(stored: StoredResponse, now: float) -> StoredResponse:
    """
    `stored` as if its lifetime ended at `now`, when it had not ended before.

    Whatever may be done with a stale response may be done with it, counted from the purge: revalidate it, send it while
    another is fetched or when that fails (RFC 5861). Itself, where it is stale already.
    """
    age_s = stored.initial_age_s + max(0.0, now - stored.response_time)
    if stored.lifetime_s <= age_s:
        return stored
    stale = copy.copy(stored)
    stale.lifetime_s = age_s
    stale.fresh_until = min(stored.fresh_until, now)
    stale.prepared = {}
    return stale
