"""The errors a person is meant to read."""

import errno

from inference.api.sentence import Sentence


class UserError(Exception):
    """Something the user can act on: bad input, a missing file, a full disk.

    The message is one sentence that says what is wrong and what to do about it, given as `Sentence`
    takes it, or as one. The command line prints it and exits with code 2; the worker sends it as a
    `Failed` event; no traceback either way. `details` are what another program said of it, in its
    own words.
    """

    def __init__(self, template: str, /, *, details: str = "", **values: object) -> None:
        whole = template if isinstance(template, Sentence) else Sentence(template, **values)
        super().__init__(whole)
        self.sentence, self.details = whole, details


class MemoryShortageError(UserError):
    """The clip needs more memory than there is, on the card or beside it."""


def reason(error: OSError) -> str:
    """Why the system refuses something; the usual reasons in the same words on every system."""
    if getattr(error, "winerror", None) in _IN_USE:
        return Sentence("another program has it open")
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


# Windows': ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_USER_MAPPED_FILE.
_IN_USE = (32, 33, 1224)


_REASONS = {
    errno.EPERM: Sentence("Operation not permitted"),
    errno.ENOENT: Sentence("No such file or directory"),
    errno.EIO: Sentence("Input/output error"),
    errno.EACCES: Sentence("Permission denied"),
    errno.EBUSY: Sentence("Device or resource busy"),
    errno.EEXIST: Sentence("File exists"),
    errno.ENOTDIR: Sentence("Not a directory"),
    errno.EISDIR: Sentence("Is a directory"),
    errno.EINVAL: Sentence("Invalid argument"),
    errno.EMFILE: Sentence("Too many open files"),
    errno.EFBIG: Sentence("File too large"),
    errno.ENOSPC: Sentence("No space left on device"),
    errno.EROFS: Sentence("Read-only file system"),
    errno.ENAMETOOLONG: Sentence("File name too long"),
    errno.ENOTEMPTY: Sentence("Directory not empty"),
    errno.EDQUOT: Sentence("Disk quota exceeded"),
    errno.ESTALE: Sentence("Stale file handle"),
}
