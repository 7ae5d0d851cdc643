"""This machine's own history, in one small file: what runs took, and how fast its devices are.

The worker, the command line and the window may use it at once. A file that is broken is put aside and
begun anew.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from inference.api.codec import DecodeError, from_json, parse
from inference.api.database import Database
from inference.api.device import DeviceInfo
from inference.api.errors import UserError
from inference.api.experience import Experience, Run, Speeds, without_words
from inference.api.models import data_folder
from inference.api.sentence import Sentence

T = TypeVar("T")

KEPT_RUNS = 1000
READ_RUNS = 200  # the latest of a device
TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, on_card INTEGER NOT NULL, run TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS speeds (device TEXT PRIMARY KEY, speeds TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS choices (subject TEXT PRIMARY KEY, choice TEXT NOT NULL);
"""


def history_file() -> Path:
    """Where the history lies."""
    return data_folder() / "history.sqlite3"


class History:
    """The history, open. Everything raises `UserError` where the disk is full or refuses.

    `put_aside` is where a file lies that was broken when it was opened, None if all is well.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._database = Database(path or history_file(), TABLES)
        self.put_aside = self._database.put_aside

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._database.close()

    @property
    def notice(self) -> Sentence | None:
        """What was found broken, if anything was."""
        if self.put_aside is None:
            return None
        return Sentence(
            "The history of what clips took could not be read, so a new one was begun; the old is {file}.",
            file=self.put_aside,
        )

    def experience(self, device: str) -> Experience:
        """What is known of the device of that name."""
        query = "SELECT run FROM runs WHERE device = ? ORDER BY id DESC LIMIT ?"
        texts = [text for (text,) in self._database.rows(query, device, READ_RUNS)]
        found = self._database.rows("SELECT speeds FROM speeds WHERE device = ?", device)
        speeds = [_read(Speeds, text) for (text,) in found]
        runs = (_read(Run, text) for text in texts)
        return Experience(tuple(run for run in runs if run is not None), *speeds)

    def latest_card(self) -> str:
        """The name of the card that made the latest clip on one, empty if none did."""
        query = "SELECT device FROM runs WHERE on_card ORDER BY id DESC LIMIT 1"
        return next((str(name) for (name,) in self._database.rows(query)), "")

    def add(self, run: Run) -> None:
        """Note what a clip took; of what it shows nothing is kept."""
        wordless = replace(run, request=without_words(run.request))
        last = self._database.write(
            "INSERT INTO runs (device, on_card, run) VALUES (?, ?, ?)",
            run.device.name, int(run.device.total_bytes > 0), _write(wordless),
        )  # fmt: skip
        self._database.write("DELETE FROM runs WHERE id <= ?", last - KEPT_RUNS)

    def set_speeds(self, device: DeviceInfo, speeds: Speeds) -> None:
        """Note how fast a device is, in the place of what was known."""
        values = device.name, _write(speeds)
        self._database.write("INSERT OR REPLACE INTO speeds VALUES (?, ?)", *values)

    def choice(self, subject: str) -> str:
        """What was chosen of a subject, empty if nothing was."""
        rows = self._database.rows("SELECT choice FROM choices WHERE subject = ?", subject)
        return next((str(choice) for (choice,) in rows), "")

    def set_choice(self, subject: str, choice: str) -> None:
        """Note what was chosen, in the place of what was before."""
        self._database.write("INSERT OR REPLACE INTO choices VALUES (?, ?)", subject, choice)


def _read(kind: type[T], text: object) -> T | None:
    """None if another version wrote it: it only serves to foresee."""
    try:
        return from_json(kind, parse(str(text)))
    except (DecodeError, UserError):
        return None


def _write(value: Run | Speeds) -> str:
    return json.dumps(asdict(value))
