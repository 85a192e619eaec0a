"""What is asked of an operation that takes more than a few arguments."""

from typing import Literal

import msgspec

from runtime.bundles.split import CLIENT_IP
from runtime.console.model.verdict import Margins


class Publish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to go live, and how."""

    environment: Literal["staging", "production"]
    scripts: dict[str, int | None] | None = None
    """Versions by script, null for the latest one; null in all for the latest of every script. Others stay as they are live."""
    settings: bool = False
    """The newest settings too; of a first release they always are."""
    remove: tuple[str, ...] = ()
    """Scripts that are live and no longer wanted."""
    steps: tuple[int, ...] | None = None
    percent: int | None = None
    """One step, in place of `steps`. Without either, staging takes all at once and production 5, 25 and 100 percent."""
    sticky: str = CLIENT_IP
    pools: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    abort: Margins | None = None
    """null for the margins that are usual."""
    hold_s: float | None = None
    skip_staging: bool = False
    message: str = ""
