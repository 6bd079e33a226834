"""The log in a SQLite file: the default, needs nothing installed.

``storage`` is what the service uses; below it ``database`` (transactions), ``connection`` (opening, checking,
setting aside), ``checkpoint``, ``files``, ``records``, ``schema`` and ``errors``.
"""

from __future__ import annotations

from monitor.log.sqlite.storage import SqliteLog, SqliteShelf, SqliteStorage

__all__ = ["SqliteLog", "SqliteShelf", "SqliteStorage"]
