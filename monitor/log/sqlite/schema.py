"""The tables of a database, and the marks by which a file is known as one of ours."""

from __future__ import annotations

APPLICATION_ID = 0x4F704D6F
"""``OpMo``; stands in every database of ours (https://www.sqlite.org/fileformat.html, offset 68)."""
VERSION = 1
"""Of the tables below (``user_version``, offset 60). A file with a larger one was written by a newer release."""

TABLES = {
    "sources": """
        CREATE TABLE sources (
            source TEXT PRIMARY KEY NOT NULL,
            epoch INTEGER NOT NULL,
            cursor TEXT
        ) WITHOUT ROWID
    """,
    "events": """
        CREATE TABLE events (
            source TEXT NOT NULL,
            id TEXT NOT NULL,
            at REAL NOT NULL,
            compares INTEGER NOT NULL,
            crc INTEGER NOT NULL,
            event BLOB NOT NULL,
            PRIMARY KEY (source, id)
        ) WITHOUT ROWID
    """,
    "comparisons": """
        CREATE INDEX comparisons ON events (source, id, at, compares) WHERE compares = 1
    """,
    "entities": """
        CREATE TABLE entities (
            source TEXT NOT NULL,
            key TEXT NOT NULL,
            crc INTEGER NOT NULL,
            value BLOB NOT NULL,
            PRIMARY KEY (source, key)
        ) WITHOUT ROWID
    """,
}
"""``event`` is :func:`monitor.events.encode`'s JSON, packed by zlib where it is long; ``crc`` is of the stored bytes;
``compares`` is 1 for a snapshot that only compared (:mod:`monitor.log.thinning`). The index covers what is asked of these,
for to find a row in the table SQLite reads it whole."""


def plain(sql: str) -> str:
    """Return a statement without the accidents of its layout, for comparison."""
    return " ".join(sql.split())
