"""The errors a person is meant to read."""


class UserError(Exception):
    """Something the user can act on: bad input, a missing file, a full disk.

    The message is one sentence that says what is wrong and what to do about it. The command line
    prints it and exits with code 2; the worker sends it as a `Failed` event; no traceback either way.
    """


class MemoryShortageError(UserError):
    """The clip needs more memory than there is, on the card or beside it."""
