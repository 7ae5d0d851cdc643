"""The draft on disk: what was typed is there again at the next start, however the last one ended."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.draft import Draft, Kept
from inference.api.codec import DecodeError, from_json, parse

PAUSE_MS = 1_000  # after a change, and not at every letter


class DraftFile(QObject):
    """Fills a draft from its file, and writes it there a moment after each change."""

    def __init__(self, draft: Draft, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft, self._path = draft, path
        with suppress(OSError, DecodeError):  # there is none, or it is of another version
            draft.recall(from_json(Kept, parse(path.read_bytes())))
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self.save)
        draft.changed.connect(self._timer.start)

    def save(self) -> None:
        """Write it now. A disk that refuses costs the next start its draft, and nothing now."""
        self._timer.stop()
        text = json.dumps(asdict(self._draft.kept()), ensure_ascii=False)
        fresh = self._path.with_suffix(".new")
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text, "utf-8")
            fresh.replace(self._path)
