"""What a pattern or a replacement is refused with."""


class RegexError(Exception):
    """A pattern, option or replacement that is refused; `reason` is lower case without a final stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RegexLimitError(Exception):
    """A subject too long for the pattern, or a replacement whose result or work would pass its bound, named by `limit`."""

    def __init__(self, reason: str, limit: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limit = limit
