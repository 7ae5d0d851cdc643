"""The recipe's stage for editing: what it starts from, what it learns, what it writes."""

import random
from pathlib import Path

import torch

from assets.demo.recipe.train_vace import PARAMS, TASKS, Edits, editor, export, mask_of, train
from assets.demo.recipe.training import Plan
from inference.api.models import DEMO, ROOT
from inference.load import load_dit
from inference.wan.dit import DiT
from inference.weights.model_files import find_model
from inference.weights.params import dit_params

SIZE = (5, 16, 16)


def demo_dit() -> DiT:
    files = find_model(ROOT / DEMO.folder)
    assert files.dit is not None
    return load_dit(files.dit.without_hints(), torch.float32, "cpu")


def test_training_starts_from_the_finished_model_and_changes_the_hints_alone(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    base = demo_dit()
    dit = editor(base)
    x, control = torch.randn(1, 16, *SIZE), torch.randn(1, 96, *SIZE)
    texts = torch.randn(1, 4, DEMO.dit.text_len, DEMO.dit.text_dim)
    time = torch.tensor([900.0])
    with torch.inference_mode():
        expected = base(x, time, texts[0, :1])
        assert torch.equal(dit(x, time, texts[0, :1], vace_context=control), expected)
    before = {name: tensor.clone() for name, tensor in dit.state_dict().items()}
    train(dit, Edits(x, control, texts, texts[0, 0]), Plan(2), tmp_path / "vace.pt")
    changed = {name for name, t in dit.state_dict().items() if not torch.equal(t, before[name])}
    assert changed
    assert all(name.startswith("vace_") for name in changed)
    export(dit, ROOT / DEMO.folder, tmp_path / "model")
    files = find_model(tmp_path / "model")
    assert files.dit is not None
    assert dit_params(files.dit) == PARAMS
    assert load_dit(files.dit, torch.float32, "cpu").params.vace_layers == (0, 2, 4)


def test_each_task_leaves_what_it_says() -> None:
    kept = {task: 1 - mask_of(random.Random(0), task).mean(dim=(0, 2, 3)) for task in TASKS}
    assert kept["first frame"].tolist() == [1.0, *[0.0] * 16]
    assert kept["last frame"].tolist() == [*[0.0] * 16, 1.0]
    assert kept["first and last frame"].tolist() == [1.0, *[0.0] * 15, 1.0]
    assert kept["all"].tolist() == [0.0] * 17
    assert kept["first frames"].tolist() in ([1.0] * 5 + [0.0] * 12, [1.0] * 9 + [0.0] * 8)
    for task in ("in a box", "around a box"):
        assert 0.1 < kept[task][0] < 0.9
        assert (kept[task] == kept[task][0]).all()
    assert torch.allclose(kept["in a box"] + kept["around a box"], torch.ones(17))
