"""The highest generation that a node has had, served or refused."""

from typing import Final, Literal

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"


def upgrade() -> None:
    # As in 0002: SQLite's text of the table is that of a table made with the column.
    on_sqlite = op.get_context().dialect.name == "sqlite"
    anew: Literal["always", "never"] = "always" if on_sqlite else "never"
    with op.batch_alter_table("nodes", recreate=anew) as table:
        table.add_column(sa.Column("highest", sa.BigInteger, nullable=False, server_default="0"))
