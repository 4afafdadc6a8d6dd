"""Run by Alembic, on the connection that runtime/registry/schema.py has locked."""

from alembic import context

from runtime.registry.schema import VERSION_TABLE
from runtime.registry.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
