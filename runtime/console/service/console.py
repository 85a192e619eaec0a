"""
The console's operations, put together: `Console` has one attribute for each concept.

Code here decides; who asks over HTTP, and how, is not known here. Clock, chance and compiler are passed in.
"""

import hmac
from collections.abc import Callable
from typing import Final

from edgescript.builtins import Registry
from edgescript.compiler import compile_source
from runtime.console.service.audit import Audit
from runtime.console.service.bundles import Bundles
from runtime.console.service.compiling import Compile
from runtime.console.service.desk import Desk, OnChange
from runtime.console.service.dictionaries import Dictionaries
from runtime.console.service.documents import Documents
from runtime.console.service.domains import Domains
from runtime.console.service.jobs import Work, jobs
from runtime.console.service.keys import Keys, KeysUnusable
from runtime.console.service.language import Language
from runtime.console.service.nodes import Nodes
from runtime.console.service.publishing import Publishing
from runtime.console.service.purges import Purges
from runtime.console.service.recovery import Recovery
from runtime.console.service.rules import Rules
from runtime.console.service.scripts import Scripts
from runtime.console.service.secrets import Vault
from runtime.console.service.signing import Signing
from runtime.console.service.tokens import Tokens
from runtime.console.service.trying import Trying
from runtime.console.service.versions import Versions
from runtime.console.store import Store, facts

_FACT: Final = "store-key"
_PURPOSE: Final = b"edgescript which store key 1"


class Console:
    """Every operation there is. `random` gives so many bytes that nobody can foresee, `monotonic` seconds."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        *,
        now: Callable[[], float],
        random: Callable[[int], bytes],
        monotonic: Callable[[], float],
        registry: Registry,
        compile_: Compile = compile_source,
        work: Work | None = None,
    ) -> None:
        """
        `work` does what takes processor time; None for here. Raises KeysUnusable where the keys are not those that the store
        was made with.
        """
        require_keys(store, keys)
        self._desk = desk = Desk(store, keys, now, random)
        work = work or jobs(registry, monotonic, random, compile_)
        vault = Vault(keys.store_key, random)
        documents = Documents(keys.store_key, vault)
        self.audit = Audit(desk)
        self.bundles = Bundles(desk)
        self.dictionaries = Dictionaries(desk, documents, vault)
        self.domains = Domains(desk)
        self.language = Language(registry, work)
        self.nodes = Nodes(desk)
        self.publishing = Publishing(desk, documents, monotonic)
        self.purges = Purges(desk)
        self.recovery = Recovery(desk)
        self.scripts = Scripts(desk, work)
        self.rules = Rules(desk, self.scripts, work, monotonic)
        self.signing = Signing(desk)
        self.tokens = Tokens(desk)
        self.trying = Trying(work, now)
        self.versions = Versions(desk, work)

    @property
    def on_change(self) -> OnChange:
        """Is told an environment and its new generation, in the thread that changed it, once that is kept."""
        return self._desk.on_change

    @on_change.setter
    def on_change(self, told: OnChange) -> None:
        self._desk.on_change = told


def require_keys(store: Store, keys: Keys) -> None:
    """Raises KeysUnusable where what the store holds was sealed with another key."""
    mark = hmac.digest(keys.store_key, _PURPOSE, "sha256")
    with store.write() as t:
        known = facts.get(t, _FACT)
        if known is None:
            facts.put(t, _FACT, mark)
        elif not hmac.compare_digest(known, mark):
            raise KeysUnusable("store.key is not the key that this database was made with")
