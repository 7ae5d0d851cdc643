"""Downloads from a hub on this machine, which breaks, lies and refuses on demand."""

import errno
import hashlib
import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from inference import download as module
from inference.api.errors import UserError
from inference.download import DownloadProgress, Repository, download
from inference.manifest import MANIFEST

BIG = random.Random(0).randbytes(3_000_000)
FILES = {
    "config.json": b'{"dim": 1536}',
    "empty.txt": b"",
    "model.safetensors": BIG,
    "text/模型 é%20.safetensors": BIG[:500_000],
    "unwanted.pth": b"x" * 1000,
}
LARGE = 100_000  # what is at least this big has a SHA-256 in the listing, the rest a git id only


@dataclass
class Behaviour:
    """What the hub does, and what it was asked."""

    break_after: list[int] = field(
        default_factory=list
    )  # for the next answers: bytes, then silence
    damaged: bool = False
    ignores_range: bool = False
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)  # by first part of the path
    tree: bytes | None = None
    asked: list[tuple[str, str]] = field(
        default_factory=list
    )  # path and Range of each file asked for


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download needs: a listing in two pages, and files behind a redirect."""

    # HTTP/1.0: no connection is kept, so none can go stale between two requests.
    protocol_version = "HTTP/1.0"
    behaviour: Behaviour

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        kind = path.split("/")[1]
        if kind in self.behaviour.refusals:
            status, code = self.behaviour.refusals[kind]
            self.answer(status, b'{"error": "no"}', {"X-Error-Code": code})
        elif path == "/api/models/owner/name/tree/main":
            self.answer_tree()
        elif path.startswith("/owner/name/resolve/main/"):
            location = self.path.replace("/owner/name/resolve/main", "/cdn")
            self.answer(302, b"", {"Location": location})
        else:
            self.answer_file(path.removeprefix("/cdn/"))

    def answer_tree(self) -> None:
        entries: list[dict[str, Any]] = [{"type": "directory", "oid": "0", "path": "text"}]
        for path, content in FILES.items():
            git_id = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            entry = {"type": "file", "oid": git_id, "size": len(content), "path": path}
            if len(content) >= LARGE:
                oid = hashlib.sha256(content).hexdigest()
                entry |= {
                    "oid": "f" * 40,
                    "lfs": {"oid": oid, "size": len(content), "pointerSize": 9},
                }
            entries.append(entry)
        second = self.path.endswith("&page=2")
        next_page = f'<http://{self.headers["Host"]}{self.path}&page=2>; rel="next"'
        body = self.behaviour.tree or json.dumps(entries[3:] if second else entries[:3]).encode()
        self.answer(200, body, {} if second else {"Link": next_page})

    def answer_file(self, path: str) -> None:
        content = FILES[path]
        wanted = self.headers["Range"] or ""
        self.behaviour.asked.append((path, wanted))
        start = int(wanted.removeprefix("bytes=").rstrip("-") or 0)
        if self.behaviour.ignores_range:
            start = 0
        body = content[start:]
        if self.behaviour.damaged:
            body = body[:-1] + bytes([body[-1] ^ 1])
        limit = self.behaviour.break_after.pop(0) if self.behaviour.break_after else len(body)
        partial = bool(wanted) and not self.behaviour.ignores_range
        self.answer(206 if partial else 200, body, {"ETag": '"x"'}, limit)

    def answer(
        self, status: int, body: bytes, headers: dict[str, str], limit: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:limit])
        self.close_connection = limit is not None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, the parent's name for it
        """Keep quiet."""


@pytest.fixture
def hub() -> Iterator[tuple[Repository, Behaviour]]:
    behaviour = Behaviour()
    handler = type("ThisHub", (Hub,), {"behaviour": behaviour})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    yield Repository("owner/name", endpoint=address), behaviour
    server.shutdown()
    thread.join()
    server.server_close()


def run(repository: Repository, folder: Path, *patterns: str) -> list[DownloadProgress]:
    return list(download(repository, patterns or ("*.safetensors", "*.json", "*.txt"), folder))


def contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


WANTED = {path: content for path, content in FILES.items() if path != "unwanted.pth"}
TOTAL = sum(map(len, WANTED.values()))
Case = tuple[Repository, Behaviour]


def test_brings_what_matches_and_nothing_else(hub: Case, tmp_path: Path) -> None:
    progress = run(hub[0], tmp_path / "new" / "模型")
    assert contents(tmp_path / "new/模型") == WANTED
    done = [event.done_bytes for event in progress]
    assert done == sorted(done)
    assert progress[-1].done_bytes == progress[0].total_bytes == TOTAL
    assert {event.file for event in progress} == WANTED.keys() - {"empty.txt"}


def test_complete_files_are_not_asked_for_again(hub: Case, tmp_path: Path) -> None:
    run(hub[0], tmp_path)
    hub[1].asked.clear()
    assert run(hub[0], tmp_path) == []
    assert hub[1].asked == []


def test_second_run_resumes_where_the_first_broke_off(hub: Case, tmp_path: Path) -> None:
    repository, behaviour = hub
    behaviour.break_after = [2_000_000, 0]
    with pytest.raises(UserError, match=r"model\.safetensors broke off .*again goes on"):
        run(repository, tmp_path, "model.safetensors")
    (partial,) = tmp_path.glob("*.partial")
    kept = partial.stat().st_size
    assert partial.name.endswith(".partial")
    assert partial.read_bytes() == BIG[:kept]
    assert kept > 1_000_000

    behaviour.asked.clear()
    progress = run(repository, tmp_path, "model.safetensors")
    assert behaviour.asked == [("model.safetensors", f"bytes={kept}-")]
    assert contents(tmp_path) == {"model.safetensors": BIG}
    assert progress[-1].done_bytes == len(BIG)


def test_break_that_brought_bytes_is_resumed_at_once(hub: Case, tmp_path: Path) -> None:
    hub[1].break_after = [1_000_000, 1_000_000]
    run(hub[0], tmp_path, "model.safetensors")
    assert contents(tmp_path) == {"model.safetensors": BIG}
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for _, wanted in hub[1].asked]
    assert len(starts) == 3
    assert 0 == starts[0] < starts[1] < starts[2]


def test_hub_that_ignores_ranges_is_understood(hub: Case, tmp_path: Path) -> None:
    hub[1].break_after = [1_000_000]
    hub[1].ignores_range = True
    run(hub[0], tmp_path, "model.safetensors")
    assert contents(tmp_path) == {"model.safetensors": BIG}


def test_closing_keeps_what_came(hub: Case, tmp_path: Path) -> None:
    progress = download(hub[0], ["model.safetensors"], tmp_path)
    next(progress)
    progress.close()
    (partial,) = tmp_path.glob("*.partial")
    assert BIG.startswith(partial.read_bytes())
    run(hub[0], tmp_path, "model.safetensors")
    assert contents(tmp_path) == {"model.safetensors": BIG}
    assert hub[1].asked[-1][1] != "bytes=0-"


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"], ids=["sha256", "git id"])
def test_damaged_file_is_refused_and_deleted(hub: Case, tmp_path: Path, file: str) -> None:
    hub[1].damaged = True
    with pytest.raises(UserError, match="arrived damaged"):
        run(hub[0], tmp_path, file)
    assert contents(tmp_path) == {}


def test_damaged_partial_file_is_refused_and_deleted(hub: Case, tmp_path: Path) -> None:
    hub[1].break_after = [1_000_000, 0]
    with pytest.raises(UserError, match="broke off"):
        run(hub[0], tmp_path, "model.safetensors")
    (partial,) = tmp_path.glob("*.partial")
    partial.write_bytes(b"?" + partial.read_bytes()[1:])
    with pytest.raises(UserError, match="arrived damaged"):
        run(hub[0], tmp_path, "model.safetensors")
    run(hub[0], tmp_path, "model.safetensors")
    assert contents(tmp_path) == {"model.safetensors": BIG}


@pytest.mark.parametrize(
    ("kind", "status", "code", "sentence"),
    [
        ("api", 404, "RepoNotFound", r"no repository owner/name at 127\.0\.0\.1"),
        ("api", 404, "RevisionNotFound", "no revision main"),
        ("api", 403, "GatedRepo", "asks for your consent"),
        ("api", 503, "", "answered 503 .*try again later"),
        ("cdn", 404, "EntryNotFound", "answered 404"),
        ("cdn", 500, "", "answered 500 .*goes on from where it stopped"),
        ("owner", 403, "GatedRepo", "asks for your consent"),
    ],
)
def test_refusal_is_said(
    hub: Case, tmp_path: Path, kind: str, status: int, code: str, sentence: str
) -> None:
    hub[1].refusals = {kind: (status, code)}
    with pytest.raises(UserError, match=sentence):
        run(hub[0], tmp_path)


@pytest.mark.parametrize(
    "tree",
    [b"<html>Log in to the hotel's network</html>", b'{"error": "?"}', b'[{"type": "file"}]'],
    ids=["page", "object", "entry"],
)
def test_answer_of_something_else_is_said(hub: Case, tmp_path: Path, tree: bytes) -> None:
    hub[1].tree = tree
    with pytest.raises(UserError, match="did not answer as a model hub does"):
        run(hub[0], tmp_path)


def test_path_out_of_the_folder_is_refused(hub: Case, tmp_path: Path) -> None:
    entry = {"type": "file", "oid": "0", "size": 1, "path": "../evil.json"}
    hub[1].tree = json.dumps([entry]).encode()
    with pytest.raises(UserError, match="did not answer as a model hub does"):
        run(hub[0], tmp_path, "*.json")


def test_network_down_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:9/.* could not be reached"):
        run(Repository("owner/name", endpoint="http://127.0.0.1:9"), tmp_path)


def test_pattern_without_a_file_is_said(hub: Case, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file that matches \*\.gguf"):
        run(hub[0], tmp_path, "*.json", "*.gguf")


def test_too_small_a_disk_is_said_before_anything_comes(
    hub: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 2_990_000})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"needs 0\.0035 GB and .* has 0\.00299 GB free"):
        run(hub[0], tmp_path)
    assert hub[1].asked == []


def test_disk_that_fills_up_is_said(
    hub: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_nothing(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_receive", write_nothing)
    with pytest.raises(UserError, match="is full: make room"):
        run(hub[0], tmp_path)


def test_folder_that_is_a_file_is_said(hub: Case, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file can't be written to"):
        run(hub[0], tmp_path / "file")


def test_hub_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.constants, "ENDPOINT", "https://mirror.example")  # from HF_ENDPOINT
    url = Repository("owner/name").url("a b/模型.safetensors")
    assert (
        url == "https://mirror.example/owner/name/resolve/main/a%20b/%E6%A8%A1%E5%9E%8B.safetensors"
    )
