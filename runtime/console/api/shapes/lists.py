"""Lists: items and the cursor of what follows."""

from typing import Generic, TypeVar

from runtime.console.api.shapes.base import Shown

T = TypeVar("T")


class Listed(Shown, Generic[T]):
    """`next` is null at the end."""

    items: list[T]
    next: str | None
