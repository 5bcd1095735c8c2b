"""Runs the migrations that are due on the connection that `schema.migrate` opened; Alembic runs this file."""

from alembic import context

from handlers.records.schema.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
