"""The one way pure HTTP code says no."""

from typing import NamedTuple


class Refuse(NamedTuple):
    """
    A message that is not to be acted on.

    `status` is what the client is answered: 4xx or 5xx for its own request, 502 for an origin's response. The
    connection the message came on is closed afterwards: where its end is cannot be known. `reason` is for the log.
    """

    status: int
    reason: str
