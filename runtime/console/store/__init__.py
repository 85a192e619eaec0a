"""What the console keeps, in SQLite or PostgreSQL: rows in, rows out, one writer at a time. No rule is decided here."""

from runtime.console.store.entity import MOST, Page
from runtime.console.store.errors import (
    BadCursor,
    Conflict,
    Missing,
    StoreError,
    StoreUnavailable,
    StoreUnusable,
)
from runtime.console.store.store import Store
from runtime.console.store.transaction import Reading, Writing

__all__ = [
    "MOST",
    "BadCursor",
    "Conflict",
    "Missing",
    "Page",
    "Reading",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "StoreUnusable",
    "Writing",
]
