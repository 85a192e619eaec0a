"""
The cases of the benchmark: one row each. A row says what is asked for, which logic stands before it (the same one in
every server's own language: `examples/`, `peers/*.lua`, `peers/*.vcl`), and what every server has to answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from types import MappingProxyType
from typing import Final, Literal

from runtime.http.status import default_page

OBJECT: Final = (b"0123456789abcdefghijklmnopqrstuvwxyz-EdgeScript-" * 22)[:1024]
"""The body the origin gives for every path but those under /large/: 1 KiB that needs no quoting in any configuration file."""

LARGE_OBJECT: Final = OBJECT * 1024
"""The body of every path under /large/: 1 MiB."""

MANY_SITES: Final = 10_000

KEY: Final = "2024"
SECRET: Final = "first-secret"
"""A key of `examples/auth/auth.es` and the secret it names; the peers' files have the same."""

ENDS_WITH: Final = MappingProxyType({"auth": 403, "redirect": 302, "limit": 429})
"""The logics, and the status each answers with when it ends a request itself."""

NEVER: Final = "4102444800"
"""An expiry time far away: 2100-01-01."""

TELEPHONE: Final = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36"
)

URLS: Final = 16
"""Different URLs a case asks for in turn: enough that no server lives off having just answered the same one."""

Origin = Literal["silent", "every request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """
    How a server is run for a row. Without a label: one worker on one core, no access log.

    `sites` is how many sites the node's configuration file names; 0 is no such file. A node that does not remember runs its
    scripts on every request.
    """

    label: str = ""
    workers: int = 1
    access_log: bool = False
    sites: int = 0
    remembers: bool = True

    def entrant(self, server: str) -> str:
        """What a server run so is called."""
        return f"{server}, {self.label}" if self.label else server


PLAIN: Final = Mode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One row of the benchmark.

    Asked for are `paths` in turn, with the request fields `ask`; one that ends in `=` with another number each time. Of the answer, `headers` must be just so (names in
    lower case), and the fields named in `alike` must be equal between servers. `logic` names the script (None: none).
    `origin` is what the origin must hear while it is measured. Every server is run in all `modes`, the first of which
    has no label. `ours_only` is for what no peer has; then start and memory are shown too.
    """

    number: str
    title: str
    paths: tuple[str, ...]
    status: int
    body: bytes
    alike: tuple[str, ...]
    logic: str | None = None
    ask: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = "silent"
    modes: tuple[Mode, ...] = (PLAIN,)
    ours_only: bool = False

    @property
    def is_cached(self) -> bool:
        """Whether the answer has to come out of the cache."""
        return self.headers.get("x-cache") == "HIT"


def page(logic: str) -> bytes:
    """The body a logic answers with: every server gives the page of our node."""
    return default_page(ENDS_WITH[logic])


def signed(first: str, rest: str, *, key: str = KEY, secret: str = SECRET, expires: str = NEVER) -> str:
    """A URL that `auth.es` lets pass, if secret and expiry are good: `/first/digest/rest?key=...&t=...`."""
    # MD5 is what the published scheme of such URLs uses.
    digest = md5(f"{secret}{first}{rest}".encode(), usedforsecurity=False).hexdigest()
    return f"/{first}/{digest}/{rest}?key={key}&t={expires}"


def site_host(number: int) -> str:
    """The host of one of the sites that a mode's configuration names."""
    return f"www.site-{number}.example"


ANSWER_FIELDS: Final = ("content-type", "content-length")
OBJECT_FIELDS: Final = (*ANSWER_FIELDS, "cache-control", "etag", "last-modified")
HIT: Final = MappingProxyType({"x-cache": "HIT"})
SEGMENTS: Final = tuple(f"/video/segment-{n}.ts" for n in range(URLS))
SIGNED_SEGMENTS: Final = tuple(signed("video", f"segment-{n}.ts") for n in range(URLS))
# A wrong digest is found last: all of the script is run.
REFUSED: Final = tuple(signed("video", f"segment-{n}.ts", secret="a guess") for n in range(URLS))
REDIRECTED: Final = tuple(f"/news/page-{n}?from=home" for n in range(URLS))
VISITOR: Final = MappingProxyType({"User-Agent": TELEPHONE, "Cookie": "session=1f0c; view=mobile"})

CASES: Final = (
    Case(
        number="1",
        title="cached hit, no script",
        paths=SEGMENTS,
        status=200,
        body=OBJECT,
        headers=HIT,
        alike=OBJECT_FIELDS,
    ),
    Case(
        number="2",
        title="cached hit behind the signed-URL script",
        logic="auth",
        paths=SIGNED_SEGMENTS,
        status=200,
        body=OBJECT,
        headers=HIT,
        alike=OBJECT_FIELDS,
    ),
    Case(
        number="3",
        title="refused by the signed-URL script (403)",
        logic="auth",
        paths=REFUSED,
        status=403,
        body=page("auth"),
        headers=MappingProxyType({"x-auth-msg": "invalid digest"}),
        alike=(*ANSWER_FIELDS, "x-auth-debug"),
    ),
    Case(
        number="4",
        title="redirected by a script (302)",
        logic="redirect",
        paths=REDIRECTED,
        ask=VISITOR,
        status=302,
        body=page("redirect"),
        alike=(*ANSWER_FIELDS, "location"),
    ),
    Case(
        number="5",
        title="cached hit behind a limit by client address",
        logic="limit",
        paths=SEGMENTS,
        status=200,
        body=OBJECT,
        headers=HIT,
        alike=OBJECT_FIELDS,
    ),
    Case(
        number="6",
        title="miss passed to the origin",
        paths=tuple(f"/private/page-{n}" for n in range(URLS)),
        status=200,
        body=OBJECT,
        headers=MappingProxyType({"cache-control": "no-store"}),
        alike=ANSWER_FIELDS,
        origin="every request",
    ),
    Case(
        number="7",
        title="object of 1 MiB from the cache",
        paths=tuple(f"/large/film-{n}.mp4" for n in range(URLS)),
        status=200,
        body=LARGE_OBJECT,
        headers=HIT,
        alike=OBJECT_FIELDS,
    ),
    Case(
        number="2n",
        title="as 2, decisions of scripts not remembered",
        logic="auth",
        paths=SIGNED_SEGMENTS,
        status=200,
        body=OBJECT,
        headers=HIT,
        alike=OBJECT_FIELDS,
        modes=(Mode(remembers=False),),
    ),
    Case(
        number="3n",
        title="as 3, every URL new",
        logic="auth",
        paths=tuple(f"{path}&n=" for path in REFUSED),
        status=403,
        body=page("auth"),
        headers=MappingProxyType({"x-auth-msg": "invalid digest"}),
        alike=(*ANSWER_FIELDS, "x-auth-debug"),
    ),
    Case(
        number="4n",
        title="as 4, every URL new",
        logic="redirect",
        paths=tuple(f"{path}&n=" for path in REDIRECTED),
        ask=VISITOR,
        status=302,
        body=page("redirect"),
        alike=(*ANSWER_FIELDS, "location"),
    ),
    Case(
        number="log",
        title="cached hit, no script, access log off and on",
        paths=SEGMENTS,
        status=200,
        body=OBJECT,
        headers=HIT,
        alike=OBJECT_FIELDS,
        modes=(PLAIN, Mode(label="access log", access_log=True)),
    ),
    Case(
        number="workers",
        title="cached hit behind the signed-URL script, 1 worker and 2",
        logic="auth",
        paths=SIGNED_SEGMENTS,
        status=200,
        body=OBJECT,
        headers=HIT,
        alike=OBJECT_FIELDS,
        modes=(PLAIN, Mode(label="2 workers", workers=2)),
    ),
    Case(
        number="sites",
        title=f"cached hit behind the signed-URL script, 1 site and {MANY_SITES:,}",
        logic="auth",
        paths=SIGNED_SEGMENTS,
        ask=MappingProxyType({"Host": site_host(0)}),
        status=200,
        body=OBJECT,
        headers=HIT,
        alike=OBJECT_FIELDS,
        modes=(Mode(sites=1), Mode(label=f"{MANY_SITES:,} sites", sites=MANY_SITES)),
        ours_only=True,
    ),
)
