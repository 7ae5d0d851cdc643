"""One window for each user and data folder: a second start hands its files to the first."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from app.process import let_come_to_front
from app.words import said_reason
from inference.api.codec import DecodeError, Json, parse
from inference.api.errors import UserError

PATIENCE_MS = 5_000  # for a first window that is just starting, or busy
RETRY_MS = 100
MAX_MESSAGE_BYTES = 1 << 20
HEARD = b"heard\n"


class Instance(QObject):
    """The claim to be the only window of the program that uses `folder`.

    Signals:
        opened: a second start was made; the files it was given, as a list of paths, maybe empty.
    """

    opened = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.patience_ms = PATIENCE_MS
        self._folder = folder
        # The lock is the truth: the system frees it with the process, a socket may outlive its owner.
        self._lock = QLockFile(str(folder / "kinora.lock"))
        self._lock.setStaleLockTime(0)
        digest = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
        self._name = f"kinora-{digest}"
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def claim(self, files: Sequence[Path] = ()) -> bool:
        """Whether this is the first; if not, the first has been given `files` and shows its window.

        Raises `UserError` if the first doesn't answer.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(said_reason(error)) from error
        deadline = QDeadlineTimer(self.patience_ms)
        while not self._lock.tryLock(0):
            if self._lock.error() is not QLockFile.LockError.LockFailedError:
                raise self._unusable(self._lock.error().name)
            if self._tell(files):
                return False
            if deadline.hasExpired():
                raise UserError(
                    QCoreApplication.translate(
                        "Instance",
                        "Kinora is running already and doesn't answer: end it, then start it again.",
                    )
                )
        self._listen()
        return True

    def release(self) -> None:
        """Give the claim up."""
        self._server.close()
        self._lock.unlock()

    def _listen(self) -> None:
        QLocalServer.removeServer(self._name)  # what a killed one left
        if not self._server.listen(self._name):
            self._lock.unlock()
            raise self._unusable(self._server.errorString())

    def _tell(self, files: Sequence[Path]) -> bool:
        """Whether the first has heard."""
        let_come_to_front(self._lock.getLockInfo()[0])
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(RETRY_MS):
            return False
        paths = [str(path.absolute()) for path in files]
        socket.write(f"{json.dumps(paths)}\n".encode())
        heard = (
            socket.waitForReadyRead(self.patience_ms) and bytes(socket.readAll().data()) == HEARD
        )
        socket.abort()
        return heard

    def _on_connection(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.setReadBufferSize(MAX_MESSAGE_BYTES)
            socket.disconnected.connect(socket.deleteLater)
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            self._read(socket)  # it may have spoken before the signal was connected

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() >= MAX_MESSAGE_BYTES:
                socket.abort()
            return
        paths = _paths_in(bytes(socket.readLine().data()))
        if paths is None:
            socket.abort()
            return
        socket.write(HEARD)
        socket.flush()
        self.opened.emit(paths)

    def _unusable(self, reason: str) -> UserError:
        message = QCoreApplication.translate(
            "Instance", "The folder {0} can't be used ({1}): see that you may write there."
        )
        return UserError(message.format(self._folder, reason))


def _paths_in(line: bytes) -> list[Path] | None:
    """The files that a second start names; None for what isn't such a message."""
    try:
        content: Json = parse(line)
    except DecodeError:
        return None
    if not isinstance(content, list):
        return None
    return [Path(item) for item in content if isinstance(item, str)]
