"""
Following a console, without I/O: what to do next, given what came of the step before.

    asking ─manifest─► gathering ─► keeping ─► offering ─► purging ─► asking ...
       ▲                   │            │          │           │
       └──── resting ◄─────┴── failed ──┴──────────┴───────────┘

`step` takes an event and gives the one command to carry out, whose outcome is the next event. Whatever goes wrong, what is
served stays; the node rests, longer each time, and asks again with the generation it has. What it is given then is whole
in itself, so nothing is missed however long it was away.

A manifest that differs from the one served in its purges only needs no reload: it is adopted. Purges come after the reload,
so that nothing made by the rules before is stored after them; and only then is a generation said to be served.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec.structs import replace

from runtime.bundles.manifest import Manifest, PurgeEntry
from runtime.bundles.verify import accept
from runtime.bundles.wire import BundleError
from runtime.cache.purge import Purge
from runtime.io.sync.backoff import Backoff
from runtime.io.sync.purges import purges_of
from runtime.state.bundles import Standing

WAIT_S: Final = 30.0
"""For which the console holds back its answer while there is nothing new."""
QUICK_S: Final = 1.0
"""An answer of nothing new that came sooner was not waited for: a relay's, perhaps. Then the node waits by itself."""

_OTHER_KEYS: Final = "; a node that was away while the console changed its keys needs a new token, as does one of another console"

Hindrance: TypeAlias = Literal["unreachable", "token", "busy", "answer"]
"""Why the console gave no manifest: no connection, a token it does not take, too much to do, or an answer that makes no sense."""


class Ask(NamedTuple):
    """Ask for a manifest above `after`, to be answered within `wait_s` and what the network takes."""

    after: int
    wait_s: float


class Gather(NamedTuple):
    """Have all blobs of a manifest on the shelf."""

    manifest: Manifest


class Keep(NamedTuple):
    """Keep a manifest and the standing, so that they are there after a restart."""

    manifest: Manifest
    envelope: bytes
    believed: tuple[bytes, ...]
    standing: Standing


class Offer(NamedTuple):
    """Have the node serve the newest that is kept, which is this."""

    generation: int


class CarryOut(NamedTuple):
    """Have the node carry out `purges` in order; then keep the standing, and say that `generation` is served."""

    purges: tuple[Purge, ...]
    generation: int
    standing: Standing


class Rest(NamedTuple):
    seconds: float


class Begun(NamedTuple):
    """The first event."""


class Answered(NamedTuple):
    envelope: bytes


class NothingNew(NamedTuple):
    """The console has no manifest above the one named; it took `after_s` to say so."""

    after_s: float


class Hindered(NamedTuple):
    why: Hindrance
    text: str
    retry_after_s: float = 0.0


class Done(NamedTuple):
    """What was asked for has been done; of an offer, but for the domains `left_out`, each with the reason."""

    left_out: Mapping[str, str] = {}


class Failed(NamedTuple):
    """It could not be, now: a blob that did not come, a full disk, a worker that did not answer."""

    text: str
    anew: bool = False
    """What is kept is damaged, so it is to be fetched again."""


class Refused(NamedTuple):
    """What was offered cannot be served, ever."""

    text: str


class Rested(NamedTuple):
    pass


Command: TypeAlias = Ask | Gather | Keep | Offer | CarryOut | Rest
Event: TypeAlias = Begun | Answered | NothingNew | Hindered | Done | Failed | Refused | Rested


class Follower:
    """`served` is the generation that the node began with, -1 for none, `manifest` what is in it where that is known."""

    def __init__(
        self,
        environment: str,
        standing: Standing,
        served: int,
        manifest: Manifest | None,
        chance: Callable[[], float],
        left_out: Mapping[str, str] = {},
    ) -> None:
        self.standing = standing
        self.served = served
        """The generation that all workers serve, purges and all."""
        self.refused = -1
        """The latest that cannot be served."""
        self.left_out = left_out
        """Domains of the generation served that are served as they were before, or not at all, each with the reason."""
        self.error = ""
        """Why the newest is not served; '' where it is, as far as is known."""
        self.reachable = False
        self._environment = environment
        self._domains = None if manifest is None else manifest.domains
        self._backoff = Backoff(chance)
        self._again: Command | None = None
        """What is to be done after a rest; None for asking."""
        self._next = manifest
        """What is on its way to be served, or was last."""
        self._envelope = b""
        self._after: Command = Ask(self.served, WAIT_S)
        """The command under way."""

    def __repr__(self) -> str:
        return f"Follower(served {self.served}, refused {self.refused}, {self.error or 'in order'})"

    def step(self, event: Event) -> Command:
        """The command that follows `event`, which is the outcome of the one before."""
        command = self._follow(event)
        self._after = command
        return command

    def heard(self) -> None:
        """The console has answered something else, so it can be reached: what was said of that is out of date."""
        if not self.reachable:
            self.reachable, self.error = True, ""

    def _follow(self, event: Event) -> Command:
        match event:
            case Begun():
                return self._begin()
            case Rested():
                again, self._again = self._again, None
                return again or self._ask()
            case Answered(envelope):
                return self._answered(envelope)
            case NothingNew(after_s):
                return self._nothing_new(after_s)
            case Hindered(why, text, retry_after_s):
                self.reachable = why != "unreachable"
                self.error = text
                return Rest(self._backoff.failed(retry_after_s))
            case Failed(text, anew):
                return self._failed(text, anew=anew)
            case Refused(text):
                return self._cannot_serve(text)
            case Done(left_out):
                return self._done(left_out)

    def _begin(self) -> Command:
        """Carry out the purges of what is served, where the node ended before it had; then ask."""
        manifest = self._next
        if manifest is not None and self.standing.purged < manifest.last_purge_seq:
            return self._purge(manifest)
        return self._ask()

    # --- what the console says ----------------------------------------------------------------------------------

    def _ask(self) -> Ask:
        # What was refused is not asked for again: the next one may be better.
        return Ask(max(self.served, self.refused), WAIT_S)

    def _nothing_new(self, after_s: float) -> Command:
        self.reachable = True
        self._backoff.succeeded()
        if self.refused <= self.served:
            self.error = ""
        return self._ask() if after_s >= QUICK_S else Rest(QUICK_S)

    def _answered(self, envelope: bytes) -> Command:
        self.reachable = True
        known = self.standing
        try:
            # One that was accepted may come again, if it has been lost since; an older one may not.
            newer_than = max(self.served, self.refused, known.highest - 1)
            manifest = accept(envelope, known.believed, self._environment, newer_than)
        except BundleError as error:
            hint = _OTHER_KEYS if error.trouble == "unsigned" else ""
            self.error = f"{error.trouble}: {error}{hint}"
            return Rest(self._backoff.failed())
        self._next, self._envelope = manifest, envelope
        return Gather(manifest)

    # --- what becomes of it -------------------------------------------------------------------------------------

    def _done(self, left_out: Mapping[str, str]) -> Command:
        manifest = self._next
        assert manifest is not None, "something was done"
        match self._after:
            case Gather():
                believed = self.standing.believed
                self.standing = replace(self.standing, believed=manifest.keys, highest=manifest.generation)
                return Keep(manifest, self._envelope, believed, self.standing)
            case Keep():
                if manifest.domains == self._domains:
                    return self._purge(manifest)
                return Offer(manifest.generation)
            case Offer():
                self._hold(left_out)
                self._domains = manifest.domains
                return self._purge(manifest)
            case CarryOut():
                self._settled(manifest)
                return self._ask()
            case _:
                raise AssertionError(f"{self._after} is not done")

    def _settled(self, manifest: Manifest) -> None:
        after = self._after
        assert isinstance(after, CarryOut)
        self.standing = after.standing
        self.served = manifest.generation
        self.error = ""
        self._backoff.succeeded()

    def _hold(self, left_out: Mapping[str, str]) -> None:
        """Note what domains that were left out are served by: what they were before, however long ago that was."""
        self.left_out = left_out
        served = {entry.name: entry for entry in (*(self._domains or ()), *self.standing.held)}
        held = tuple(served[name] for name in sorted(left_out) if name in served)
        self.standing = replace(self.standing, held=held)

    def _purge(self, manifest: Manifest) -> CarryOut:
        seen = self.standing.purged
        last = manifest.last_purge_seq
        purges: Sequence[Purge]
        if seen + 1 < manifest.first_purge_seq or seen > last:
            # Which were missed nobody knows, so anything may be out of date.
            purges = (Purge("all", "", soft=True),)
        else:
            purges = [*_each(entry for entry in manifest.purges if entry.seq > seen)]
        return CarryOut(tuple(purges), manifest.generation, replace(self.standing, purged=last))

    def _failed(self, text: str, *, anew: bool) -> Command:
        """Rest. What was kept is offered again, and purges carried out again; anything else is asked for anew."""
        self.error = text
        if isinstance(self._after, Offer | CarryOut) and not anew:
            self._again = self._after
        return Rest(self._backoff.failed())

    def _cannot_serve(self, text: str) -> Command:
        manifest = self._next
        assert manifest is not None, "something was offered"
        self.refused = manifest.generation
        self.error = f"generation {manifest.generation}: {text}"
        return Rest(self._backoff.failed())


def _each(entries: Iterator[PurgeEntry]) -> Iterator[Purge]:
    for entry in entries:
        yield from purges_of(entry)
