"""
Signing keys, changed without a node losing faith.

A new key is announced by the old one: from then on manifests name both and are signed by both. A node that has accepted one of
them believes the new key, so the old one can be dropped once all have; a node that was away for longer needs a new token.
"""

import base64

from runtime.console.model.access import Actor, require_operator
from runtime.console.model.names import ENVIRONMENTS
from runtime.console.model.refusal import Refused
from runtime.console.service.answers import KeyView
from runtime.console.service.desk import Desk


class Signing:
    """Operations on signing keys."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def keys(self, who: Actor) -> tuple[KeyView, ...]:
        """Oldest first."""
        require_operator(who)
        return self._views()

    def rotate(self, who: Actor) -> KeyView:
        """A new key, which signs beside the others from now on."""
        require_operator(who)
        with self._desk.change(who) as change:
            key = self._desk.keys.add_signing()
            change.note("key.add", key.id)
            for environment in ENVIRONMENTS:
                change.advance(environment)
        return self._views()[-1]

    def drop_old(self, who: Actor) -> tuple[KeyView, ...]:
        """What is left once all but the newest key are gone."""
        require_operator(who)
        with self._desk.change(who) as change:
            dropped = self._desk.keys.drop_old_signing()
            if not dropped:
                raise Refused("conflict", "there is one key only: rotate first")
            change.note("key.drop", ", ".join(dropped))
            for environment in ENVIRONMENTS:
                change.advance(environment)
        return self._views()

    def _views(self) -> tuple[KeyView, ...]:
        signing = self._desk.keys.signing
        return tuple(
            KeyView(
                id=key.id,
                public_key=base64.urlsafe_b64encode(key.public_key).rstrip(b"=").decode(),
                newest=key is signing[-1],
            )
            for key in signing
        )
