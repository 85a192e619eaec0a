"""
Every table of the console. `migrations/` makes them; a test holds the two together.

What belongs to a domain goes with it (`ON DELETE CASCADE`), except the audit and purges that nodes still have to learn. No rule
of the console is written here but three that only a database can hold under all circumstances: names are unique,
references point to something, and a domain has one running rollout in an environment.
"""

from typing import Any, Final

from sqlalchemy import Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, MetaData, Table, text
from sqlalchemy.types import TypeEngine

from runtime.console.store.columns import Json, Moment, Name, Number, Octets, Words

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key(name: str) -> Column[str]:
    return Column(name, Name, primary_key=True)


def _number(name: str) -> Column[int]:
    return Column(name, Number, primary_key=True, autoincrement=False)


def _domain() -> Column[str]:
    """The domain that a row belongs to and goes with."""
    return Column("domain", Name, ForeignKey("domains.name", ondelete="CASCADE"), primary_key=True)


def _must(name: str, kind: type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _of_script() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["domain", "script"], ["scripts.domain", "scripts.name"], ondelete="CASCADE")


domains: Final = Table(
    "domains",
    metadata,
    _key("name"),
    _must("settings_revision", Number),
    _must("author", Words),
    _must("created", Moment),
)
settings: Final = Table(
    "settings",
    metadata,
    _domain(),
    _number("revision"),
    _must("settings", Json),
    _must("author", Words),
    _must("message", Words),
    _must("saved", Moment),
)
hosts: Final = Table(
    "hosts",
    metadata,
    _key("host"),
    Column("domain", Name, ForeignKey("domains.name", ondelete="CASCADE"), nullable=False, index=True),
)
scripts: Final = Table(
    "scripts",
    metadata,
    _domain(),
    _key("name"),
    _must("upload", Number),
    _must("draft_revision", Number),
    _must("latest", Number),
    _must("created", Moment),
)
drafts: Final = Table(
    "drafts",
    metadata,
    _key("domain"),
    _key("script"),
    _must("revision", Number),
    _must("source", Words),
    _must("rule", Json),
    _must("tests", Words),
    _must("digest", Name),
    _must("diagnostics", Json),
    _must("author", Words),
    _must("saved", Moment),
    _of_script(),
)
conflicts: Final = Table(
    "conflicts",
    metadata,
    _key("domain"),
    _key("script"),
    _number("number"),
    _must("based_on", Number),
    _must("source", Words),
    _must("rule", Json),
    _must("tests", Words),
    _must("author", Words),
    _must("saved", Moment),
    _of_script(),
)
versions: Final = Table(
    "versions",
    metadata,
    _key("domain"),
    _key("script"),
    _number("number"),
    _must("source", Words),
    _must("rule", Json),
    _must("tests", Words),
    _must("digest", Name),
    _must("code", Octets),
    _must("author", Words),
    _must("message", Words),
    _must("created", Moment),
    _must("evidence", Json),
    _of_script(),
)
releases: Final = Table(
    "releases",
    metadata,
    _domain(),
    _number("number"),
    _must("settings_revision", Number),
    _must("scripts", Json),
    _must("author", Words),
    _must("message", Words),
    _must("created", Moment),
)
lives: Final = Table(
    "lives",
    metadata,
    _domain(),
    _key("environment"),
    _number("number"),
    _must("release", Number),
    Column("rollout", Number),
    _must("author", Words),
    _must("since", Moment),
    Column("latest", Boolean, nullable=False),
    Index(
        "ix_lives_latest",
        "environment",
        "domain",
        unique=True,
        postgresql_where=text("latest"),
        sqlite_where=text("latest = 1"),
    ),
)
"""Which release was an environment's from when on; `latest` marks the row in force."""
been_live: Final = Table(
    "been_live",
    metadata,
    _domain(),
    _key("environment"),
    _key("script"),
    _number("version"),
    _must("since", Moment),
    sqlite_with_rowid=False,
)
"""Versions that were live once, for ever."""
_RUNNING: Final = text("state = 'running'")
rollouts: Final = Table(
    "rollouts",
    metadata,
    _domain(),
    _number("number"),
    _must("environment", Name),
    Column("from_release", Number),
    _must("to_release", Number),
    _must("steps", Json),
    _must("percent", Number),
    _must("sticky", Words),
    _must("salt", Name),
    _must("pools", Json),
    _must("regions", Json),
    _must("abort", Json),
    Column("hold_s", Moment),
    _must("state", Name),
    _must("reason", Words),
    _must("author", Words),
    _must("message", Words),
    _must("started", Moment),
    _must("stepped", Moment),
    Column("ended", Moment),
    _must("evidence", Json),
    Index(
        "ix_rollouts_running",
        "environment",
        "domain",
        unique=True,
        postgresql_where=_RUNNING,
        sqlite_where=_RUNNING,
    ),
)
dictionaries: Final = Table(
    "dictionaries",
    metadata,
    _domain(),
    _key("name"),
    Column("secret", Boolean, nullable=False),
    _must("revision", Number),
    _must("digest", Name),
    _must("count", Number),
    _must("author", Words),
    _must("changed", Moment),
)
entries: Final = Table(
    "entries",
    metadata,
    _key("domain"),
    _key("dictionary"),
    Column("key", Words, primary_key=True),
    _must("value", Octets),
    ForeignKeyConstraint(
        ["domain", "dictionary"], ["dictionaries.domain", "dictionaries.name"], ondelete="CASCADE"
    ),
    sqlite_with_rowid=False,
)
tokens: Final = Table(
    "tokens",
    metadata,
    _key("id"),
    Column("number", Number, nullable=False, unique=True),
    _must("kind", Name),
    _must("hash", Octets),
    _must("label", Words),
    _must("author", Words),
    _must("created", Moment),
    Column("expires", Moment),
    Column("revoked", Moment),
    Column("last_used", Moment),
    _must("pool", Name),
    _must("region", Name),
    _must("environment", Name),
)
grants: Final = Table(
    "grants",
    metadata,
    Column("token", Name, ForeignKey("tokens.id", ondelete="CASCADE"), primary_key=True),
    Column("domain", Name, primary_key=True, index=True),
    _must("scope", Name),
    sqlite_with_rowid=False,
)
sessions: Final = Table(
    "sessions",
    metadata,
    Column("hash", Octets, primary_key=True),
    Column("token", Name, ForeignKey("tokens.id", ondelete="CASCADE"), nullable=False, index=True),
    _must("created", Moment),
    Column("expires", Moment, nullable=False, index=True),
)
nodes: Final = Table(
    "nodes",
    metadata,
    _key("id"),
    Column("environment", Name, nullable=False, index=True),
    _must("pool", Name),
    _must("region", Name),
    _must("version", Words),
    _must("generation", Number),
    _must("error", Words),
    _must("started", Moment),
    _must("first_seen", Moment),
    _must("seen", Moment),
    _must("token", Name),
    Column("refused", Json, nullable=False, server_default="{}"),
    Column("highest", Number, nullable=False, server_default="0"),
)
audit: Final = Table(
    "audit",
    metadata,
    _number("n"),
    _must("at", Moment),
    _must("who", Words),
    _must("token", Name),
    _must("domain", Name),
    _must("action", Name),
    _must("subject", Words),
    _must("details", Json),
    _must("previous", Name),
    _must("hash", Name),
    Index("ix_audit_domain_n", "domain", "n"),
)
"""The migration adds triggers that refuse to change or remove a row."""
blobs: Final = Table(
    "blobs",
    metadata,
    _key("sha256"),
    Column("plain", Name, nullable=False, unique=True),
    _must("size", Number),
    _must("sealed", Octets),
    Column("touched", Moment, nullable=False, index=True),
)
environments: Final = Table(
    "environments",
    metadata,
    _key("name"),
    _must("generation", Number),
    _must("issued", Moment),
    _must("last_purge", Number),
    _must("first_purge", Number),
)
"""The counters of each environment; a row from its first change on."""
purges: Final = Table(
    "purges",
    metadata,
    _key("environment"),
    _number("seq"),
    _must("domain", Name),
    _must("hosts", Json),
    _must("kind", Name),
    _must("value", Words),
    Column("soft", Boolean, nullable=False),
    _must("author", Words),
    _must("at", Moment),
)
documents: Final = Table(
    "documents",
    metadata,
    _key("environment"),
    _domain(),
    _must("digest", Name),
    _must("sha256", Name),
    _must("size", Number),
    _must("refs", Json),
    _must("generation", Number),
    _must("made", Moment),
)
"""The document of each domain that is in force, and the blobs it names."""
COUNTS: Final = (
    "hit",
    "not_hit",
    "none",
    "exception",
    "requests",
    "errors_5xx",
    "aborted",
    "fuel",
    "time_us",
)
"""What is counted of a script, or of a site, in each step."""
figures: Final = Table(
    "figures",
    metadata,
    _key("domain"),
    _key("environment"),
    _number("bucket"),
    _key("script"),
    _number("version"),
    _number("release"),
    *(_must(name, Number) for name in COUNTS),
    Index("ix_figures_bucket", "bucket"),
    sqlite_with_rowid=False,
)
facts: Final = Table("facts", metadata, _key("name"), _must("value", Octets))
"""What the console knows of itself, by name."""
