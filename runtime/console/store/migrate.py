"""
A database brought to the tables this release knows, in one transaction that other replicas wait for.

`REVISION` names what the tables are; Alembic (loaded only when there is something to do) carries out the steps that lead there.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from runtime.console.store.errors import StoreUnusable

REVISION: Final = "0003"
"""The newest revision in `migrations/versions`."""
STEPS: Final = Path(__file__).with_name("migrations")


def revision_of(connection: Connection) -> str | None:
    """The revision of the tables there; None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def migrate(connection: Connection) -> bool:
    """Whether there was something to do. Raises StoreUnusable for tables of a newer release."""
    there = revision_of(connection)
    if there == REVISION:
        return False
    # 80 ms, spared where nothing is to be done.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if there is not None and there not in known:
        raise StoreUnusable(
            f"the database has tables of revision {there}, this release knows {REVISION} and older: "
            "run the newer release, or put back a copy from before it"
        )
    command.upgrade(config, REVISION)
    return True
