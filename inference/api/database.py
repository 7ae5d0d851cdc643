"""SQLite files that survive a power cut, and are put aside and begun anew when they are broken."""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from inference.api.errors import UserError

VERSION = 1  # of the tables; a file with another is not read


class Database:
    """A connection that commits each statement, safely on the disk when it returns.

    `put_aside` is where a file lies that was broken when it was opened, None if all is well. Every
    method raises `UserError` where the disk is full or refuses.
    """

    def __init__(self, path: Path, tables: str) -> None:
        self._path = path
        self.put_aside: Path | None = None
        with self._failures_in_words():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _open(path, tables)
            except sqlite3.DatabaseError as error:
                if not _is_about_content(error):
                    raise
                self.put_aside = _put_aside(path)
                self._connection = _open(path, tables)

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What a query finds."""
        with self._failures_in_words():
            return self._connection.execute(query, values).fetchall()

    def write(self, statement: str, *values: object) -> int:
        """Runs one statement; the id of the row that it inserted, if it did."""
        with self._failures_in_words():
            return self._connection.execute(statement, values).lastrowid or 0

    def write_all(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Runs a statement for each row: for all of them or, if that fails, for none."""
        with self._failures_in_words():
            self._connection.execute("BEGIN")
            try:
                self._connection.executemany(statement, rows)
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _failures_in_words(self) -> Generator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            raise UserError(
                "{path} can't be used ({error}): make room on that disk, and see that you may write there.",
                path=self._path,
                error=error,
            ) from error


def _open(path: Path, tables: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if found != "ok" or version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"{path}: {found}, version {version}")
        connection.executescript(tables)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _is_about_content(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is to blame, not the disk or another program that holds it."""
    is_of_system = isinstance(error, sqlite3.OperationalError)
    return not is_of_system or error.sqlite_errorcode == sqlite3.SQLITE_ERROR  # other columns


def _put_aside(path: Path) -> Path:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    aside = path.with_name(f"{path.stem}.broken-{stamp}{path.suffix}")
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside
