"""What an operation says when it does not do what was asked."""

from typing import Any, Literal, TypeAlias

Code: TypeAlias = Literal[
    "unauthorized",
    "forbidden",
    "not-found",
    "conflict",
    "invalid",
    "has-errors",
    "not-staged",
    "rollout-running",
    "limit",
    "too-large",
    "store-unavailable",
]
"""Why, in a word for machines."""


class Refused(Exception):  # noqa: N818 - what was asked is refused; it is no error of this program
    """
    Nothing was changed. `detail` is a sentence for people, without secrets.

    `extra` has what belongs to the code: `current` beside `conflict`, `problems` beside `invalid`, `diagnostics` beside
    `has-errors`, `scripts` beside `not-staged`, `rollout` beside `rollout-running`.
    """

    def __init__(self, code: Code, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.extra = extra

    def __repr__(self) -> str:
        return f"Refused({self.code!r}, {self.detail!r})"


def invalid(where: str, message: str) -> Refused:
    """`where` is the key that is wrong, `message` says what is wanted."""
    return Refused("invalid", f"{where}: {message}", problems=[{"where": where, "message": message}])


def not_found(what: str = "domain") -> Refused:
    """Said alike of what does not exist and of what is not for whom who asks, so that nobody can tell which."""
    return Refused("not-found", f"no such {what}")
