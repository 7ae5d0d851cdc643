"""Pictures that clips begin and end with: taken in from files and from memory, and looked at.

They are kept as `inference.api.pictures` has it, under names that go by their content.
"""

import errno
import tempfile
from pathlib import Path

from PySide6.QtCore import QBuffer, QCoreApplication, QSize, Qt
from PySide6.QtGui import QImage, QImageIOHandler, QImageWriter

from app.sources import STILLS, is_still, reader_of
from app.words import said_reason
from inference.api import pictures
from inference.api.errors import UserError
from inference.api.spec import GenerationRequest

QUICK_PNG = 90  # of 100: little is packed, in a fraction of the time
ENDINGS = " ".join(f"*.{ending}" for ending in sorted(STILLS))  # for a dialog that asks for one


def is_picture(path: Path) -> bool:
    """Whether that file says to be one picture: not a clip, nor several in one."""
    return path.is_file() and is_still(reader_of(path))


def take_file(path: Path) -> str:
    """The name of the picture in that file, kept from now on. Raises `UserError` if it is none."""
    reader = reader_of(path)
    kind = bytes(reader.format().data())  # it doesn't know any more once it has read
    image = reader.read() if path.is_file() and is_still(reader) else QImage()
    if image.isNull():
        text = QCoreApplication.translate(
            "Stills", "{name} isn't a picture that can be read: choose a PNG, JPEG or WebP file."
        )
        raise UserError(text.format(name=path.name or path))
    return pictures.keep(path) if _is_read_alike(path, kind) else take_image(image)


def _is_read_alike(path: Path, kind: bytes) -> bool:
    """Whether the engine reads that picture as it is seen here. Both turn a JPEG as its Exif says, but of a PNG
    and a WebP the engine alone; and of some TIFFs it can't make anything."""
    match kind:
        case b"jpeg" | b"bmp":
            return True
        case b"png" | b"webp":
            data = path.read_bytes()
            return b"eXIf" not in data and b"EXIF" not in data
        case _:
            return False


def take_image(image: QImage) -> str:
    """The name of a picture from memory, kept from now on as it is. Raises `UserError` if it can't be."""
    try:
        with tempfile.TemporaryDirectory(prefix="kinora-", ignore_cleanup_errors=True) as folder:
            path = Path(folder, "picture.png")
            write_picture(path, image)
            return pictures.keep(path)
    except OSError as error:
        text = QCoreApplication.translate("Stills", "The picture can't be kept: {reason}.")
        raise UserError(text.format(reason=said_reason(error))) from error


def write_picture(path: Path, image: QImage) -> None:
    """As PNG. Raises `OSError`."""
    memory = QBuffer()  # Qt's own files don't notice a full disk
    writer = QImageWriter(memory, b"png")
    writer.setQuality(QUICK_PNG)
    if not writer.write(image):
        raise OSError(errno.EIO, writer.errorString())
    path.write_bytes(memory.data().data())


def is_missing(name: str) -> bool:
    """Whether that is the name of a picture which isn't on this machine any more."""
    return bool(name) and pictures.path_of(name) is None


def size_of(name: str) -> tuple[int, int] | None:
    """Width and height of a kept picture, None where it can't be read."""
    path = pictures.path_of(name) if name else None
    if path is None:
        return None
    reader = reader_of(path)
    size = reader.size()
    if reader.transformation() & QImageIOHandler.Transformation.TransformationRotate90:
        size.transpose()
    return None if size.isEmpty() else (size.width(), size.height())


def look_at(name: str, room: QSize) -> QImage:
    """A kept picture no larger than `room`, with its shape; null where it can't be read."""
    path = pictures.path_of(name) if name else None
    if path is None:
        return QImage()
    reader = reader_of(path)
    keep = Qt.AspectRatioMode.KeepAspectRatio
    stored = reader.size()
    if stored.isValid() and (stored.width() > room.width() or stored.height() > room.height()):
        reader.setScaledSize(stored.scaled(room, keep).expandedTo(QSize(1, 1)))
    return reader.read().convertToFormat(QImage.Format.Format_RGB32)  # as the engine reads it


def text_of(request: GenerationRequest) -> str:
    """What a clip is made from beside its words, in a few; empty for nothing."""
    if request.mask:
        return QCoreApplication.translate("Stills", "a part of a clip made anew")
    if request.kept_frames:
        return QCoreApplication.translate("Stills", "goes on with a clip")
    if request.video:
        return QCoreApplication.translate("Stills", "a clip made anew")
    match bool(request.first_frame), bool(request.last_frame):
        case True, True:
            return QCoreApplication.translate("Stills", "first and last frame given")
        case True, False:
            return QCoreApplication.translate("Stills", "first frame given")
        case False, True:
            return QCoreApplication.translate("Stills", "last frame given")
        case _:
            return ""
