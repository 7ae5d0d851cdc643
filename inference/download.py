"""Model files from a hub: listed, resumed where they stopped, and checked by their hash.

The hub is huggingface.co, or what HF_ENDPOINT names. Of its own library this uses the address, the
token and the HTTP client; the transfer is here, since theirs starts a broken file again from nothing.
"""

import errno
import hashlib
import shutil
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from huggingface_hub import constants, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_session, hf_raise_for_status

from inference import manifest
from inference.api.errors import UserError, reason
from inference.api.sentence import Sentence, number

READ_BYTES = 2**20
REPORT_BYTES = 2**20
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """`file` is being fetched or checked; the bytes are those of all wanted files together."""

    file: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository. `sha256` is empty for a small one, which has its git id alone."""

    path: str
    size: int
    git_id: str
    sha256: str

    @property
    def checksum(self) -> str:
        return self.sha256 or self.git_id

    def new_digest(self) -> "hashlib._Hash":
        """The hash whose hex digest over the whole content is `checksum`."""
        if self.sha256:
            return hashlib.sha256()
        return hashlib.sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one revision. `endpoint` is the hub's address, by default as the user set it."""

    name: str
    revision: str = "main"
    endpoint: str = ""

    def url(self, path: str) -> str:
        return f"{self._hub}/{self.name}/resolve/{quote(self.revision, safe='')}/{quote(path)}"

    @property
    def tree_url(self) -> str:
        return f"{self._hub}/api/models/{self.name}/tree/{quote(self.revision, safe='')}?recursive=true"

    @property
    def _hub(self) -> str:
        return self.endpoint or constants.ENDPOINT


def download(
    repository: Repository, patterns: Sequence[str], folder: Path
) -> Generator[DownloadProgress, None, None]:
    """Bring every file that matches one of `patterns` (such as `*.json`) into `folder`.

    A file has its name only when it is complete and its hash is right; until then it is
    `NAME.HASH.partial` beside it, which the next run continues. So closing the generator is safe. What
    was not there before is recorded, see `inference.manifest`.
    """
    files = list_files(repository, patterns)
    missing = [file for file in files if not _is_complete(file, folder)]
    total = sum(file.size for file in files)
    done = total - sum(file.size for file in missing)
    try:
        _check_space(missing, folder)
        manifest.record(folder, (file.path for file in missing))
        for file in missing:
            reported = 0
            for size in _fetch(repository, file, folder):
                if size - reported >= REPORT_BYTES or size == file.size:
                    yield DownloadProgress(file.path, done + size, total)
                    reported = size
            done += file.size
    except HfHubHTTPError as error:  # also an OSError
        raise _refused(repository, error) from error
    except OSError as error:
        raise _not_written(folder, error) from error


def list_files(repository: Repository, patterns: Sequence[str]) -> list[RemoteFile]:
    """The files of a repository that match; each pattern has to match one."""
    try:
        files = [_parse_entry(entry) for entry in _tree(repository) if entry["type"] == "file"]
    except (httpx2.TransportError, OfflineModeIsEnabled) as error:
        raise UserError(
            "{address} could not be reached: check the network, and the mirror if one is set "
            "(HF_ENDPOINT on the command line), then try again ({error}).",
            address=repository.tree_url,
            error=error,
        ) from error
    except HfHubHTTPError as error:
        raise _refused(repository, error) from error
    except (LookupError, TypeError, ValueError) as error:
        raise UserError(
            "{address} did not answer as a model hub does: check the network, and the mirror if one is set "
            "(HF_ENDPOINT on the command line).",
            address=repository.tree_url,
        ) from error
    for pattern in patterns:
        if not any(fnmatchcase(file.path, pattern) for file in files):
            raise UserError(
                "{name} has no file that matches {pattern}: check its name.",
                name=repository.name,
                pattern=pattern,
            )
    return [file for file in files if any(fnmatchcase(file.path, p) for p in patterns)]


def _tree(repository: Repository) -> Iterator[dict[str, Any]]:
    """The hub's entries for the files and folders of a repository, page by page."""
    url: str | None = repository.tree_url
    while url:
        response = get_session().get(url, headers=_headers(), timeout=TIMEOUT_S)
        hf_raise_for_status(response)
        yield from response.json()
        url = response.links.get("next", {}).get("url")


def _parse_entry(entry: dict[str, Any]) -> RemoteFile:
    path = str(entry["path"])
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ValueError(f"{path} leads out of the folder")
    sha256 = entry["lfs"]["oid"] if entry.get("lfs") else ""
    return RemoteFile(path, int(entry["size"]), git_id=entry["oid"], sha256=sha256)


def _is_complete(file: RemoteFile, folder: Path) -> bool:
    target = folder / file.path
    return target.is_file() and target.stat().st_size == file.size


def _partial(file: RemoteFile, folder: Path) -> Path:
    target = folder / file.path
    return target.with_name(f"{target.name}.{file.checksum[:12]}.partial")


def _check_space(files: list[RemoteFile], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    there = [path for file in files if (path := _partial(file, folder)).exists()]
    needed = sum(file.size for file in files) - sum(path.stat().st_size for path in there)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            "The download needs {needed} GB and {folder} has {free} GB free: make room there, or "
            "choose another folder.",
            needed=number(needed / 1e9),
            folder=folder,
            free=number(free / 1e9),
        )


def _fetch(repository: Repository, file: RemoteFile, folder: Path) -> Iterator[int]:
    """Bring one file, giving its size as it is read back from disk and as it grows."""
    partial = _partial(file, folder)
    partial.parent.mkdir(parents=True, exist_ok=True)
    digest = file.new_digest()
    with partial.open("a+b") as out:
        out.seek(0)
        while chunk := out.read(READ_BYTES):
            digest.update(chunk)
            yield out.tell()
        while (start := out.tell()) < file.size:
            cause: str = Sentence("the connection was closed")
            try:
                for chunk in _receive(repository.url(file.path), start):
                    out.write(chunk)
                    digest.update(chunk)
                    yield out.tell()
            except httpx2.TransportError as error:
                cause = str(error)
            if out.tell() == start:  # a break that brought nothing is not tried again
                raise UserError(
                    "The download of {file} broke off ({cause}): running the same download again "
                    "goes on from where it stopped.",
                    file=file.path,
                    cause=cause,
                )
    if digest.hexdigest() != file.checksum:
        partial.unlink()
        raise UserError(
            "{file} arrived damaged (its hash is {found}..., not {expected}...) and was deleted: "
            "run the download again.",
            file=file.path,
            found=digest.hexdigest()[:12],
            expected=file.checksum[:12],
        )
    partial.replace(folder / file.path)


def _receive(url: str, start: int) -> Iterator[bytes]:
    """The bytes of a file from `start` on."""
    headers = _headers() | {"Accept-Encoding": "identity", "Range": f"bytes={start}-"}
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_S) as response:
        hf_raise_for_status(response)
        skip = 0 if response.status_code == httpx2.codes.PARTIAL_CONTENT else start
        for chunk in response.iter_bytes():
            yield chunk[skip:]
            skip = max(0, skip - len(chunk))


def _headers() -> dict[str, str]:
    token = get_token()
    return {"User-Agent": "kinora"} | ({"Authorization": f"Bearer {token}"} if token else {})


def _refused(repository: Repository, error: HfHubHTTPError) -> UserError:
    status = error.response.status_code
    match error:
        case GatedRepoError():
            return UserError(
                "{name} asks for your consent: accept its terms on its page, log in with 'hf auth "
                "login', then run it again.",
                name=repository.name,
            )
        case RepositoryNotFoundError():
            return UserError(
                "There is no repository {name} at {host}: check its name; if it is private, log in "
                "with 'hf auth login'.",
                name=repository.name,
                host=error.response.url.host,
            )
        case RevisionNotFoundError():
            return UserError(
                "{name} has no revision {revision}: check it.",
                name=repository.name,
                revision=repository.revision,
            )
        case _:
            return UserError(
                "{host} answered {status} for {name}: try again later; running the same download "
                "again goes on from where it stopped.",
                host=error.response.url.host,
                status=status,
                name=repository.name,
            )


def _not_written(folder: Path, error: OSError) -> UserError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            "The disk with {folder} is full: make room there; running the same download again "
            "goes on from where it stopped.",
            folder=folder,
        )
    return UserError("{folder} can't be written to: {reason}.", folder=folder, reason=reason(error))
