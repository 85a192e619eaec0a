"""The tables of the first release, and an audit that can only grow."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

NAME: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
OCTETS: Final = sa.LargeBinary

REFUSE_ON_POSTGRESQL: Final = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit can only grow'; END $$
"""
TRIGGER_ON_POSTGRESQL: Final = """
CREATE TRIGGER audit_no_{change} BEFORE {change} ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()
"""
TRIGGER_ON_SQLITE: Final = """
CREATE TRIGGER audit_no_{change} BEFORE {change} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit can only grow'); END
"""


def upgrade() -> None:
    _make_tables()
    on_postgresql = op.get_context().dialect.name == "postgresql"
    if on_postgresql:
        op.execute(REFUSE_ON_POSTGRESQL)
    for change in ("update", "delete"):
        op.execute((TRIGGER_ON_POSTGRESQL if on_postgresql else TRIGGER_ON_SQLITE).format(change=change))


def _make_tables() -> None:
    op.create_table(
        "audit",
        sa.Column("n", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("who", OCTETS, nullable=False),
        sa.Column("token", NAME, nullable=False),
        sa.Column("domain", NAME, nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("subject", OCTETS, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous", NAME, nullable=False),
        sa.Column("hash", NAME, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_audit"),
    )
    op.create_index("ix_audit_domain_n", "audit", ["domain", "n"])
    op.create_table(
        "blobs",
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("plain", NAME, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sealed", OCTETS, nullable=False),
        sa.Column("touched", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_blobs"),
        sa.UniqueConstraint("plain", name="uq_blobs_plain"),
    )
    op.create_index("ix_blobs_touched", "blobs", ["touched"])
    op.create_table(
        "domains",
        sa.Column("name", NAME, nullable=False),
        sa.Column("settings_revision", sa.BigInteger, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_domains"),
    )
    op.create_table(
        "environments",
        sa.Column("name", NAME, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("issued", sa.Double, nullable=False),
        sa.Column("last_purge", sa.BigInteger, nullable=False),
        sa.Column("first_purge", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_environments"),
    )
    op.create_table(
        "facts",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", OCTETS, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_facts"),
    )
    op.create_table(
        "figures",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("environment", NAME, nullable=False),
        sa.Column("bucket", sa.BigInteger, nullable=False),
        sa.Column("script", NAME, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("release", sa.BigInteger, nullable=False),
        sa.Column("hit", sa.BigInteger, nullable=False),
        sa.Column("not_hit", sa.BigInteger, nullable=False),
        sa.Column("none", sa.BigInteger, nullable=False),
        sa.Column("exception", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("errors_5xx", sa.BigInteger, nullable=False),
        sa.Column("aborted", sa.BigInteger, nullable=False),
        sa.Column("fuel", sa.BigInteger, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "domain", "environment", "bucket", "script", "version", "release", name="pk_figures"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_figures_bucket", "figures", ["bucket"])
    op.create_table(
        "nodes",
        sa.Column("id", NAME, nullable=False),
        sa.Column("environment", NAME, nullable=False),
        sa.Column("pool", NAME, nullable=False),
        sa.Column("region", NAME, nullable=False),
        sa.Column("version", OCTETS, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("error", OCTETS, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("first_seen", sa.Double, nullable=False),
        sa.Column("seen", sa.Double, nullable=False),
        sa.Column("token", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
    )
    op.create_index("ix_nodes_environment", "nodes", ["environment"])
    op.create_table(
        "purges",
        sa.Column("environment", NAME, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("domain", NAME, nullable=False),
        sa.Column("hosts", sa.Text, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("value", OCTETS, nullable=False),
        sa.Column("soft", sa.Boolean, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("environment", "seq", name="pk_purges"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", NAME, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("hash", OCTETS, nullable=False),
        sa.Column("label", OCTETS, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double),
        sa.Column("revoked", sa.Double),
        sa.Column("last_used", sa.Double),
        sa.Column("pool", NAME, nullable=False),
        sa.Column("region", NAME, nullable=False),
        sa.Column("environment", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("number", name="uq_tokens_number"),
    )
    op.create_table(
        "been_live",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("environment", NAME, nullable=False),
        sa.Column("script", NAME, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("domain", "environment", "script", "version", name="pk_been_live"),
        sa.ForeignKeyConstraint(["domain"], ["domains.name"], ondelete="CASCADE", name="fk_been_live_domain"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dictionaries",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("secret", sa.Boolean, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("digest", NAME, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("domain", "name", name="pk_dictionaries"),
        sa.ForeignKeyConstraint(
            ["domain"], ["domains.name"], ondelete="CASCADE", name="fk_dictionaries_domain"
        ),
    )
    op.create_table(
        "documents",
        sa.Column("environment", NAME, nullable=False),
        sa.Column("domain", NAME, nullable=False),
        sa.Column("digest", NAME, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("refs", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("made", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("environment", "domain", name="pk_documents"),
        sa.ForeignKeyConstraint(["domain"], ["domains.name"], ondelete="CASCADE", name="fk_documents_domain"),
    )
    op.create_table(
        "grants",
        sa.Column("token", NAME, nullable=False),
        sa.Column("domain", NAME, nullable=False),
        sa.Column("scope", NAME, nullable=False),
        sa.PrimaryKeyConstraint("token", "domain", name="pk_grants"),
        sa.ForeignKeyConstraint(["token"], ["tokens.id"], ondelete="CASCADE", name="fk_grants_token"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_grants_domain", "grants", ["domain"])
    op.create_table(
        "hosts",
        sa.Column("host", NAME, nullable=False),
        sa.Column("domain", NAME, nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_hosts"),
        sa.ForeignKeyConstraint(["domain"], ["domains.name"], ondelete="CASCADE", name="fk_hosts_domain"),
    )
    op.create_index("ix_hosts_domain", "hosts", ["domain"])
    op.create_table(
        "lives",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("environment", NAME, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("release", sa.BigInteger, nullable=False),
        sa.Column("rollout", sa.BigInteger),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("latest", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("domain", "environment", "number", name="pk_lives"),
        sa.ForeignKeyConstraint(["domain"], ["domains.name"], ondelete="CASCADE", name="fk_lives_domain"),
    )
    op.create_index(
        "ix_lives_latest",
        "lives",
        ["environment", "domain"],
        unique=True,
        postgresql_where=sa.text("latest"),
        sqlite_where=sa.text("latest = 1"),
    )
    op.create_table(
        "releases",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("settings_revision", sa.BigInteger, nullable=False),
        sa.Column("scripts", sa.Text, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("message", OCTETS, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("domain", "number", name="pk_releases"),
        sa.ForeignKeyConstraint(["domain"], ["domains.name"], ondelete="CASCADE", name="fk_releases_domain"),
    )
    op.create_table(
        "rollouts",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("environment", NAME, nullable=False),
        sa.Column("from_release", sa.BigInteger),
        sa.Column("to_release", sa.BigInteger, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("percent", sa.BigInteger, nullable=False),
        sa.Column("sticky", OCTETS, nullable=False),
        sa.Column("salt", NAME, nullable=False),
        sa.Column("pools", sa.Text, nullable=False),
        sa.Column("regions", sa.Text, nullable=False),
        sa.Column("abort", sa.Text, nullable=False),
        sa.Column("hold_s", sa.Double),
        sa.Column("state", NAME, nullable=False),
        sa.Column("reason", OCTETS, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("message", OCTETS, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("stepped", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("domain", "number", name="pk_rollouts"),
        sa.ForeignKeyConstraint(["domain"], ["domains.name"], ondelete="CASCADE", name="fk_rollouts_domain"),
    )
    op.create_index(
        "ix_rollouts_running",
        "rollouts",
        ["environment", "domain"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
        sqlite_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "scripts",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("upload", sa.BigInteger, nullable=False),
        sa.Column("draft_revision", sa.BigInteger, nullable=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("domain", "name", name="pk_scripts"),
        sa.ForeignKeyConstraint(["domain"], ["domains.name"], ondelete="CASCADE", name="fk_scripts_domain"),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", OCTETS, nullable=False),
        sa.Column("token", NAME, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(["token"], ["tokens.id"], ondelete="CASCADE", name="fk_sessions_token"),
    )
    op.create_index("ix_sessions_expires", "sessions", ["expires"])
    op.create_index("ix_sessions_token", "sessions", ["token"])
    op.create_table(
        "settings",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("message", OCTETS, nullable=False),
        sa.Column("saved", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("domain", "revision", name="pk_settings"),
        sa.ForeignKeyConstraint(["domain"], ["domains.name"], ondelete="CASCADE", name="fk_settings_domain"),
    )
    op.create_table(
        "conflicts",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("script", NAME, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("based_on", sa.BigInteger, nullable=False),
        sa.Column("source", OCTETS, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("tests", OCTETS, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("saved", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("domain", "script", "number", name="pk_conflicts"),
        sa.ForeignKeyConstraint(
            ["domain", "script"],
            ["scripts.domain", "scripts.name"],
            ondelete="CASCADE",
            name="fk_conflicts_domain_script",
        ),
    )
    op.create_table(
        "drafts",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("script", NAME, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("source", OCTETS, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("tests", OCTETS, nullable=False),
        sa.Column("digest", NAME, nullable=False),
        sa.Column("diagnostics", sa.Text, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("saved", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("domain", "script", name="pk_drafts"),
        sa.ForeignKeyConstraint(
            ["domain", "script"],
            ["scripts.domain", "scripts.name"],
            ondelete="CASCADE",
            name="fk_drafts_domain_script",
        ),
    )
    op.create_table(
        "entries",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("dictionary", NAME, nullable=False),
        sa.Column("key", OCTETS, nullable=False),
        sa.Column("value", OCTETS, nullable=False),
        sa.PrimaryKeyConstraint("domain", "dictionary", "key", name="pk_entries"),
        sa.ForeignKeyConstraint(
            ["domain", "dictionary"],
            ["dictionaries.domain", "dictionaries.name"],
            ondelete="CASCADE",
            name="fk_entries_domain_dictionary",
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "versions",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("script", NAME, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("source", OCTETS, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("tests", OCTETS, nullable=False),
        sa.Column("digest", NAME, nullable=False),
        sa.Column("code", OCTETS, nullable=False),
        sa.Column("author", OCTETS, nullable=False),
        sa.Column("message", OCTETS, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("domain", "script", "number", name="pk_versions"),
        sa.ForeignKeyConstraint(
            ["domain", "script"],
            ["scripts.domain", "scripts.name"],
            ondelete="CASCADE",
            name="fk_versions_domain_script",
        ),
    )
