"""What a node cannot load of the domains it is sent."""

from typing import Final, Literal

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    # SQLite would note a column that is added at the end of what it was told of the table, so there it is made anew.
    on_sqlite = op.get_context().dialect.name == "sqlite"
    anew: Literal["always", "never"] = "always" if on_sqlite else "never"
    with op.batch_alter_table("nodes", recreate=anew) as table:
        table.add_column(sa.Column("refused", sa.Text, nullable=False, server_default="{}"))
