"""What Alembic runs before the steps: they use the connection, and the transaction, of whoever asks for them."""

from alembic import context

from runtime.console.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes most of a table only by making it anew.
    render_as_batch=True,
)
context.run_migrations()
