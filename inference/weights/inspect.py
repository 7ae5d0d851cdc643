"""What a file or a folder is, said to people and as JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.api.errors import UserError
from inference.weights.checkpoint import Checkpoint, shards
from inference.weights.coding import Coded
from inference.weights.files import read_header
from inference.weights.model_files import Scan, assemble, scan
from inference.weights.names import Network
from inference.weights.precision import find_precision
from inference.weights.variants import classify, classify_other


@dataclass(frozen=True, slots=True)
class FileReport:
    """What `inspect` found out. Empty texts are what doesn't apply or can't be told.

    `network` is "transformer", "text encoder", "VAE", "image encoder", "LoRA", ..., or "model" for a
    folder or file with several, which are then `parts`. `obstacle` says why it can't be used here.
    `missing` are the parts that it needs and that don't lie beside it.
    """

    path: Path
    network: str
    variant: str = ""
    size: str = ""
    precision: str = ""
    dialect: str = ""
    use: str = ""
    obstacle: str = ""
    missing: tuple[str, ...] = ()
    parts: tuple["FileReport", ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether Kinora can load it."""
        return not self.obstacle and all(part.usable for part in self.parts)

    def sentence(self) -> str:
        """The report in a few sentences of plain English."""
        lines = [f"{self.path.name or self.path}: {self._name()}."]
        if self.use:
            lines.append(f"It is for {self.use}.")
        if self.obstacle:
            lines.append(f"It can't be used: {self.obstacle}.")
        lines += [part.sentence() for part in self.parts]
        lines += self.problems
        if self.missing:
            lines.append(f"It still needs {'; '.join(self.missing)}.")
        return "\n".join(lines) if self.parts else " ".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The report as what `json.dumps` takes."""
        return {
            "path": str(self.path),
            "network": self.network,
            "variant": self.variant,
            "size": self.size,
            "precision": self.precision,
            "dialect": self.dialect,
            "use": self.use,
            "usable": self.usable,
            "obstacle": self.obstacle,
            "missing": list(self.missing),
            "parts": [part.to_json() for part in self.parts],
            "problems": list(self.problems),
        }

    def _name(self) -> str:
        """Such as "Wan2.1 T2V 1.3B transformer in bf16, in official names"."""
        noun = "" if self.network == self.variant else self.network
        words = [word for word in (self.variant, self.size, noun) if word]
        clauses = [" ".join(words)]
        if self.precision:
            clauses[0] += f" in {self.precision}"
        if self.dialect:
            clauses.append(f"in {self.dialect} names")
        return ", ".join(clauses)


def inspect(path: Path) -> FileReport:
    """Say what `path`, a file or a folder, is. Raises `UserError` if it can't be read."""
    if not path.exists():
        raise UserError("There is no file or folder {path}.", path=path)
    found = scan(path)
    if path.is_file() and not found.checkpoints:
        return _other(path)
    if not found.checkpoints:
        if found.problems:
            raise UserError(found.problems[0])
        raise UserError("The folder {path} has no weights in it.", path=path)
    if path.is_file() and len(found.checkpoints) == 1:
        return _report(found.checkpoints[0], _missing(path, found))
    return FileReport(
        path=path,
        network="model",
        missing=_missing(path, found),
        parts=tuple(_report(checkpoint, ()) for checkpoint in found.checkpoints),
        problems=found.problems,
    )


def _report(checkpoint: Checkpoint, missing: tuple[str, ...]) -> FileReport:
    variant = classify(checkpoint)
    obstacle = variant.obstacle or checkpoint.precision.obstacle
    return FileReport(
        path=checkpoint.path,
        network=checkpoint.network.value,
        variant=variant.title,
        size=variant.size,
        precision=str(checkpoint.precision),
        dialect=checkpoint.dialect.value,
        use=variant.use,
        obstacle=obstacle,
        missing=() if obstacle else missing,
    )


def _other(file: Path) -> FileReport:
    """A readable file in which no network was recognised."""
    headers = [read_header(shard) for shard in shards(file)]
    tensors = {name: tensor for header in headers for name, tensor in header.tensors.items()}
    if not tensors:
        raise UserError("{file} holds no tensors, so it isn't a model's weights.", file=file)
    variant = classify_other(tensors)
    coded = {name: Coded(tensor.shape, tensor) for name, tensor in tensors.items()}
    return FileReport(
        path=file,
        network=variant.title,
        variant=variant.title,
        size=variant.size,
        precision=str(find_precision(headers[0], coded, {})),
        obstacle=variant.obstacle,
    )


def _missing(path: Path, found: Scan) -> tuple[str, ...]:
    """What the only transformer in `path` lacks to run."""
    dits = [c for c in found.checkpoints if c.network is Network.DIT]
    return assemble(path, found).missing if len(dits) == 1 else ()
