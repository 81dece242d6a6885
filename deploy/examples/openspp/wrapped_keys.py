"""Where wrapped data keys are kept. Without them nothing opens, so each is durable before its key seals anything.

Here a SQLite file of its own; in OpenSPP a table of its database, so that one backup holds values and wrapped keys. Neither says
anything to a thief: what unwraps them is in Sealkeep's token.
"""

import sqlite3


class WrappedKeys:
    """Wrapped forms by name and version. Versions count from 1; the highest is the current one."""

    def __init__(self, file):
        # A statement is a transaction; FULL: committed is on the disk.
        self._rows = sqlite3.connect(file, timeout=10, isolation_level=None)
        self._rows.execute("PRAGMA synchronous = FULL")
        self._rows.execute(
            "CREATE TABLE IF NOT EXISTS wrapped_keys (name TEXT NOT NULL, version INTEGER NOT NULL,"
            " wrapped TEXT NOT NULL, PRIMARY KEY (name, version)) STRICT"
        )

    def versions(self, name):
        found = self._rows.execute("SELECT version FROM wrapped_keys WHERE name = ? ORDER BY version", (name,))
        return [version for (version,) in found]

    def wrapped(self, name, version):
        """The wrapped form, or None."""
        sql = "SELECT wrapped FROM wrapped_keys WHERE name = ? AND version = ?"
        row = self._rows.execute(sql, (name, version)).fetchone()
        return row and row[0]

    def add(self, name, version, wrapped):
        """False: another process added this version first, and its key is the one that counts."""
        sql = "INSERT INTO wrapped_keys VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        return self._rows.execute(sql, (name, version, wrapped)).rowcount == 1

    def replace(self, name, version, before, after):
        """Another wrapped form of the same key, unless somebody else replaced it meanwhile."""
        sql = "UPDATE wrapped_keys SET wrapped = ? WHERE name = ? AND version = ? AND wrapped = ?"
        return self._rows.execute(sql, (after, name, version, before)).rowcount == 1

    def all(self):
        """Every name, version and wrapped form."""
        return self._rows.execute("SELECT name, version, wrapped FROM wrapped_keys ORDER BY name, version").fetchall()
