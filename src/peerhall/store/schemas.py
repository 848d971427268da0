"""Several installations in one database: a schema for each, chosen by the connection and named by no statement."""

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from peerhall.store.database import SyncConnection


def in_schema(dsn: str, schema: str) -> str:
    """The DSN of a schema; whoever connects with it sees nothing of the others."""
    options = conninfo_to_dict(dsn).get("options") or ""
    return make_conninfo(dsn, options=f"{options} -c search_path={schema}".strip())


def ensure_schema(connection: SyncConnection, schema: str) -> None:
    connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))


def drop_schema(connection: SyncConnection, schema: str) -> None:
    """Removes it with all that is in it; whoever stands in the way is disconnected."""
    disconnect_others(connection, schema)
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def list_schemas(connection: SyncConnection, prefix: str) -> list[str]:
    """Names of those that begin like this."""
    rows = connection.execute("select nspname from pg_namespace where starts_with(nspname, %s) order by 1", (prefix,))
    return [name for (name,) in rows]


def disconnect_others(connection: SyncConnection, schema: str) -> None:
    """Ends every other session that holds a lock on something in the schema."""
    connection.execute(
        """select pg_terminate_backend(pid, 5000) from (
               select distinct l.pid from pg_locks l join pg_class c on c.oid = l.relation
               join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = %s and l.pid <> pg_backend_pid()
                 and l.database = (select oid from pg_database where datname = current_database())) holder""",
        (schema,),
    )


def has_table(connection: SyncConnection, schema: str, table: str) -> bool:
    """Whether there is such a table in the schema."""
    row = connection.execute(
        "select exists (select from pg_tables where schemaname = %s and tablename = %s)", (schema, table)
    ).fetchone()
    return bool(row and row[0])
