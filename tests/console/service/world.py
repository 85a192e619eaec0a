"""
The console as its tests see it: an operator, two customers of two domains, a clock, and short words for what is done often.
"""

import hashlib
import tempfile
from functools import cache
from pathlib import Path

import stdlib
from runtime.bundles.documents import DomainDocument
from runtime.bundles.manifest import Manifest
from runtime.bundles.sealing import unseal
from runtime.bundles.verify import accept, open_document
from runtime.console.model.access import EVERY, Actor, Scope
from runtime.console.model.refusal import Refused
from runtime.console.service.console import Console
from runtime.console.service.keys import Keys
from runtime.console.service.nodes import NodeSeen
from runtime.console.service.requests import Publish
from runtime.console.store import Store

START = 1_800_000_000.0
OPERATOR = Actor("op", "operator", {EVERY: Scope.ADMIN})
SCRIPT = "if eq($uri, '/no') {\n  exit(403)\n}\n"
BAD = "if eq(lenght($uri), 1) {\n}\n"
REGISTRY = stdlib.registry()


class Chance:
    """Bytes that nobody has had before, the same in every run."""

    def __init__(self):
        self.count = 0

    def __call__(self, length):
        self.count += 1
        return hashlib.shake_256(b"%d" % self.count).digest(length)


@cache
def empty_database():
    """The bytes of a store as it is made; migrating takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "console.db"
        Store.open(f"sqlite:///{path}", clock=lambda: START).close()
        return path.read_bytes()


class World:
    def __init__(self, folder):
        self.folder = folder
        (folder / "console.db").write_bytes(empty_database())
        self.now = START
        self.mono_s = 0.0
        self.told = []
        self.open()

    def open(self):
        self.store = self.open_store()
        self.keys = Keys.open(self.folder / "keys", Chance())
        self.console = Console(
            self.store,
            self.keys,
            now=lambda: self.now,
            random=Chance(),
            monotonic=lambda: self.mono_s,
            registry=REGISTRY,
        )
        self.console.on_change = lambda environment, generation: self.told.append((environment, generation))

    def open_store(self):
        return Store.open(f"sqlite:///{self.folder / 'console.db'}", clock=lambda: self.now)

    def close(self):
        self.store.close()

    def passes(self, seconds):
        self.now += seconds
        self.mono_s += seconds

    def actor(self, domain="shop", scope=Scope.ADMIN):
        return Actor(f"t-{domain}-{scope.word}", f"{domain}'s {scope.word}", {domain: scope})

    def domain(self, name="shop", **settings):
        given = {"hosts": [f"www.{name}.example"], "origin": "http://127.0.0.1:8000", **settings}
        self.console.domains.create(OPERATOR, name, given)
        return self.actor(name)

    def version(self, who, script="auth", source=SCRIPT, domain="shop", **more):
        """A new version; its number."""
        return self.console.versions.make(who, domain, script, "because", source=source, **more).number

    def publish(self, who, environment="staging", domain="shop", **more):
        return self.console.publishing.publish(who, domain, Publish(environment=environment, **more))

    def live(self, who, scripts=1, domain="shop"):
        """A new version of `auth`, live in staging and production; the release's number in production."""
        for number in range(scripts):
            self.version(who, f"auth{number or ''}", f"# {self.now}\n{SCRIPT}", domain)
        self.publish(who, "staging", domain)
        return self.publish(who, "production", domain, percent=100).to_release

    def environment(self, who, environment="production", domain="shop"):
        return self.console.domains.get(who, domain).environments[environment]

    def manifest(self, environment="production", newer_than=-1) -> Manifest:
        """As a node takes it."""
        data = self.console.bundles.environment(environment).data
        return accept(data, [key.public_key for key in self.keys.signing], environment, newer_than)

    def document(self, domain="shop", environment="production") -> DomainDocument | None:
        for entry in self.manifest(environment).domains:
            if entry.name == domain:
                return open_document(entry, self.console.bundles.blob(entry.blob.name))
        return None

    def text(self, ref):
        """The text of a blob."""
        return unseal(ref, self.console.bundles.blob(ref.name))


def refused(operation, *arguments, **more):
    """What an operation is refused with."""
    try:
        operation(*arguments, **more)
    except Refused as found:
        return found
    raise AssertionError("it was not refused")


class Slow:
    """Work whose checks end in time only for texts that are not in `bombs`."""

    def __init__(self, bombs, why):
        self.bombs, self.why = bombs, why
        self.asked = []

    def findings(self, name, source):
        self.asked.append(name)
        if source in self.bombs:
            raise self.why
        return ()


def node(
    name,
    generation,
    *,
    error="",
    seen=START,
    pool="p",
    region="cn",
    environment="production",
    token="t",
    refused=(),
):
    place = (environment, pool, region)
    return NodeSeen(name, *place, "0.1", generation, error, START, seen, token, dict(refused), generation)
