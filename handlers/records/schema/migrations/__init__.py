"""Updates databases of earlier versions to the present tables, with Alembic."""
