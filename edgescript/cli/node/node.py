"""What `edgescript serve` serves: configuration, scripts and what a console sent, read as often as asked (`Source`)."""

import os
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
import msgspec

from edgescript.cli.node.building import Builder, Counting, SiteServices
from edgescript.cli.node.bundle import own_bundle, settings_in, with_domains
from edgescript.cli.node.choosing import Chooser, Chosen, Earlier
from edgescript.cli.node.packed import BUNDLE, Bundle, Domain, Shelf
from edgescript.cli.node.watched import files_of
from runtime.bundles.whole import Opener
from runtime.bundles.wire import BundleError
from runtime.config import Config, ConfigError, Problem, read_config
from runtime.io.source import Before, Loaded, PassedOver
from runtime.io.sync.access import ConsoleAccess
from runtime.limits.local import LocalLimits
from runtime.state.bundles import KeptBundles

if TYPE_CHECKING:
    from edgescript.cli.loading import Report
    from runtime.io.redis_limits import NodeLimits, RedisLimits
    from runtime.io.source import Note
    from runtime.scripts.rule import Rule
    from runtime.scripts.site import Sites

Packed = tuple[bytes | None, tuple["Report", ...]]
_DAMAGE: Final = frozenset({"damaged", "missing", "unsigned"})
"""What is wrong with bundles that are not as they were when they were kept."""


class Flags(NamedTuple):
    """What the command line says; None, {} or () where it says nothing."""

    config_file: str | None
    settings: dict[str, Any]
    scripts: Sequence["str | Rule"]
    geo_databases: tuple[str, ...]
    node_token: str | None = None


class _Wrapped(msgspec.Struct, array_like=True, frozen=True):
    """A bundle, and which of a console's is in it."""

    loaded: Loaded
    bundle: bytes


_WRAPPED: Final = msgspec.msgpack.Decoder(_Wrapped)


class Node:
    """A `Source`."""

    def __init__(self, context: click.Context, flags: Flags) -> None:
        self._context = context
        self._flags = flags
        self._builder: Builder | None = None
        self._id = secrets.token_hex(8)
        self._first: Config | None = None
        """What the node began with: sizes are those of the start."""
        self._redis: RedisLimits | None = None
        """In a worker's process, where limits are shared by nodes."""
        self._note: Note | None = None
        self.console: ConsoleAccess | None = None
        """Whom it follows; None for nobody. Set by the first `configure`."""

    def configure(self) -> Config:
        """The file's settings, those of flags before them. Raises ConfigError."""
        from edgescript.cli.node.console_access import access_of

        flags = self._flags
        config = read_config(Path(flags.config_file)) if flags.config_file is not None else Config()
        given = {**flags.settings, **({"geo_databases": flags.geo_databases} if flags.geo_databases else {})}
        config.override(given)
        if not config.origin and not config.sites and not config.console:
            raise click.UsageError(
                "no origin: want --origin http://host[:port], or 'origin' or [[sites]] in a file, or --console"
            )
        if flags.scripts and not config.origin:
            raise click.UsageError("--script: want --origin with it, for the hosts that no site names")
        if self._first is None:
            self.console = access_of(config, flags.node_token)
            self._first = config
        return config

    def pack(self, config: Config, before: Before | None = None) -> Packed:
        """
        All that is to be served, None with an error in a script; and the findings of every script. Raises ConfigError.

        Of what a console sent, the newest that can be served; of a domain in it that cannot be, what was served before.
        """
        own, reports = own_bundle(config, self._flags.scripts, self._id)
        if own is None:
            return None, reports
        if self.console is None:
            return _wrapped(Loaded(), msgspec.msgpack.encode(own)), reports
        self._builder_of(config).try_out(
            own
        )  # where the node's own settings are to blame, the console's are not
        passed_over: list[PassedOver] = []
        spare = None if before is None else before.spare
        kept = KeptBundles(self.console.state, self.console.token.place.environment, spare)
        for generation in kept.generations():
            try:
                chosen, texts = self._chosen(own, kept, generation, before)
            except BundleError as error:
                why = f"{error.trouble}: {error}"
                passed_over.append(PassedOver(generation, why, error.trouble in _DAMAGE))
                continue
            loaded = Loaded(generation, tuple(passed_over), chosen.left_out)
            return _wrapped(loaded, with_domains(own, chosen, texts)), reports
        return _wrapped(Loaded(-1, tuple(passed_over)), with_domains(own, None, {})), reports

    def _chosen(
        self, own: Bundle, kept: KeptBundles, generation: int, before: Before | None
    ) -> tuple[Chosen, Mapping[bytes, bytes]]:
        """The domains of a manifest that is kept, and their texts. Raises BundleError."""
        assert self.console is not None, "somebody sent it"
        place = self.console.token.place
        builder = self._builder_of(own.config)
        shelf = Shelf()

        def try_out(domains: Sequence[Domain]) -> Mapping[str, str]:
            texts = {**own.texts, **shelf.texts}
            return builder.try_out(msgspec.structs.replace(own, texts=texts, domains=tuple(domains)))

        manifest = kept.manifest(generation)
        chooser = Chooser(
            own.config,
            Opener(kept),
            Earlier(_served(before, own), partial(kept.earlier, generation)),
            place,
            shelf,
            try_out,
        )
        return chooser.choose(manifest.domains), shelf.texts

    def read(self, before: Before) -> bytes:
        """What is to be served from now on, whole; diagnostics go to stderr. Raises ConfigError."""
        from edgescript.cli.loading import log_diagnostics

        with self._context.scope(cleanup=False):
            try:
                config = self.configure()
                data, reports = self.pack(config, before)
            except click.ClickException as error:
                raise ConfigError([Problem((), error.format_message())]) from None
            log_diagnostics(reports)
        if data is None:
            raise ConfigError([Problem((), "errors in scripts")])
        if self.console is None:
            self.build(data)
        return data

    def build(self, bundle: bytes, *, salvage: bool = False) -> "Sites":
        """The sites of what `read` gave; with `salvage`, with as little of files as may be. Raises ConfigError."""
        return self._builder_of(self._first).build(_unwrapped(bundle).bundle, salvage=salvage)

    def try_out(self, bundle: bytes) -> None:
        """
        Build what is to be served, so that what is wrong with it is told now. Raises ConfigError.

        Scripts stay loaded, for all processes that this one begins; sites do not: each worker makes its own.
        """
        self.build(bundle)
        assert self._first is not None, "configured before anything is built"
        self._builder_of(self._first).begin(_services(LocalLimits(self._first.limiter_keys)))

    def _builder_of(self, config: Config | None) -> Builder:
        """The builder of this process, made for the sizes in `config` where it is the first time."""
        if self._builder is None:
            assert config is not None, "configured before anything is built"
            self._builder = Builder(_services(LocalLimits(config.limiter_keys)))
        return self._builder

    def settings(self, bundle: bytes) -> Config:
        """Those that a bundle has."""
        return settings_in(_unwrapped(bundle).bundle)

    def files(self, bundle: bytes) -> Iterable[str]:
        """The configuration and all it names."""
        if self._flags.config_file is not None:
            yield self._flags.config_file
        yield from files_of(self.settings(bundle), self._flags.scripts)

    def loaded(self, bundle: bytes) -> Loaded:
        """What a bundle has of a console."""
        return _unwrapped(bundle).loaded

    def join(self, state: Path) -> None:
        """
        Once in a worker's process, before it builds: count with all others that keep their limits in `state`.

        An only worker counts in its own memory, which is six times as fast; one that takes its place counts anew.
        """
        from runtime.state.limits.shared import SharedLimits, layout, rows_for

        first = self._first
        assert first is not None, "configured before anything is built"
        limits: NodeLimits = (
            LocalLimits(first.limiter_keys)
            if first.workers == 1 and first.limiter_full == "refuse"
            else SharedLimits(
                state / "limits",
                layout(first.limiter_keys, rows=rows_for(first.workers)),
                first.limiter_full,
            )
        )
        services = _services(self._with_redis(limits, first) if first.redis else limits)
        if self._builder is None:
            self._builder = Builder(services)
        else:  # with the scripts that were loaded before the fork
            self._builder.begin(services)

    def _with_redis(self, limits: "NodeLimits", config: Config) -> Counting:
        from runtime.io.redis_limits import RedisLimits, client

        self._redis = RedisLimits(
            limits,
            client(config.redis, config.redis_lease_s),
            f"{self._id}-{os.getpid()}",
            config.redis_lease_s,
            time.monotonic,
            members=config.workers,
            changed=self._on_redis,
        )
        return self._redis

    def _on_redis(self, trouble: str) -> None:
        if self._note is None:
            return
        if trouble:
            self._note("redis-lost", reason=trouble)
        else:
            self._note("redis-connected")

    async def live(self, note: "Note") -> None:
        """Ask Redis for shares of limits, where there is one."""
        self._note = note
        if self._redis is not None:
            await self._redis.run()


def _wrapped(loaded: Loaded, bundle: bytes) -> bytes:
    return msgspec.msgpack.encode(_Wrapped(loaded, bundle))


def _served(before: Before | None, own: Bundle) -> Bundle | None:
    """What is served of domains, if it was made under the same settings as `own`."""
    if before is None or before.bundle is None:
        return None
    served = BUNDLE.decode(_unwrapped(before.bundle).bundle)
    same = msgspec.msgpack.encode(served.config) == msgspec.msgpack.encode(own.config)
    return served if same else None


def _unwrapped(data: bytes) -> _Wrapped:
    """Raises ConfigError."""
    try:
        return _WRAPPED.decode(data)
    except msgspec.DecodeError as error:
        raise ConfigError([Problem((), f"damaged bundle: {error}")]) from None


def _services(limits: Counting) -> SiteServices:
    # The system's randomness: scripts make tokens of rand_bytes() and uuid().
    return SiteServices(SystemRandom(), limits)
