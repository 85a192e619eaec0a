"""What can go wrong with the store, as its callers tell it apart."""


class StoreError(Exception):
    """Base of all below. The text is one short sentence without SQL, values or addresses with passwords."""


class StoreUnusable(StoreError):  # noqa: N818 - a state of the database, read as a sentence
    """The database cannot be used as it is: wrong kind, made by a newer release, damaged. Waiting does not help."""


class StoreUnavailable(StoreError):  # noqa: N818 - a state of the database, read as a sentence
    """
    The database did not answer, not in time, or has no room. Trying again later may help.

    `uncertain` says that the connection broke while a transaction was being committed, so that it may have been kept.
    """

    def __init__(self, reason: str, *, uncertain: bool = False, again: bool = False) -> None:
        super().__init__(reason)
        self.uncertain = uncertain
        self.again = again
        """The database asks for the same transaction once more, at once (serialization failure, deadlock)."""


class Conflict(StoreError):  # noqa: N818 - a state of the database, read as a sentence
    """A row with this key exists already. The transaction is over: nothing of it is kept."""


class Missing(StoreError):  # noqa: N818 - a state of the database, read as a sentence
    """What a row refers to does not exist (any more). The transaction is over: nothing of it is kept."""


class BadCursor(StoreError):  # noqa: N818 - a state of the database, read as a sentence
    """A cursor that no list has given out."""
