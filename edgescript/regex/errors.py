"""What a pattern or a replacement is refused with."""


class RegexError(Exception):
    """A pattern, option or replacement that is refused; `reason` is lower case without a final stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RegexLimitError(Exception):
    """A replacement whose result or work would pass its bound; `limit` names the bound."""

    def __init__(self, reason: str, limit: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limit = limit
