"""Logs that grow, are replaced, and are not there."""

from pathlib import Path

import pytest

from app.logs import KEPT_BYTES, LogFile, last_lines


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    log = LogFile(path)
    assert log.read_new() == ("", False)
    path.write_bytes("一\n".encode())
    assert log.read_new() == ("一\n", True)
    assert log.read_new() == ("", False)
    with path.open("ab") as file:
        file.write(b"two\r\n")
    assert log.read_new() == ("two\n", False)


def test_letter_that_comes_in_parts_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    log, text = LogFile(path), ""
    for byte in "二\n".encode():
        with path.open("ab") as file:
            file.write(bytes([byte]))
        text += log.read_new()[0]
    assert text == "二\n"


def test_log_that_is_replaced_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    log = LogFile(path)
    log.read_new()
    path.rename(tmp_path / "a.log.1")
    assert log.read_new() == ("", True)
    path.write_text("new and longer\n")
    assert log.read_new() == ("new and longer\n", True)
    path.write_text("cut\n")
    assert log.read_new() == ("cut\n", True)
    log.forget()
    assert log.read_new() == ("cut\n", True)


def test_of_a_long_log_the_end_is_read_from_a_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"0123456789\n" * (KEPT_BYTES // 11 + 100))
    text, _ = LogFile(path).read_new()
    assert KEPT_BYTES - 11 <= len(text) <= KEPT_BYTES
    assert text.startswith("0123456789\n")


def test_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    assert last_lines(path, 3) == []
    (tmp_path / "a.log.1").write_text("1\n2\n")
    assert last_lines(path, 3) == ["1", "2"]
    path.write_text("3\n4\n")
    assert last_lines(path, 3) == ["2", "3", "4"]
    assert last_lines(path, 1) == ["4"]


def test_log_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):  # noqa: PT011, each system has its own
        LogFile(tmp_path).read_new()
