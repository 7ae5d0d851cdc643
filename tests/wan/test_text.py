"""The text encoder against the official implementation, transformers, and the real checkpoint."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from torch import Tensor
from transformers import T5Tokenizer, UMT5Config, UMT5EncoderModel

from inference.api.errors import UserError
from inference.api.spec import TextParams
from inference.wan.text import TextBlock, TextEncoder, Tokenizer, clean_prompt

TINY = TextParams(vocab_size=90, dim=32, dim_attn=32, dim_ffn=48, num_heads=4, num_layers=3)

# ids, and the number of tokens of each row: one is full, one is padded, one is short
LENGTHS = (150, 37, 2)


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual.float() - expected).norm() / expected.norm())


def padded_batch(params: TextParams) -> tuple[Tensor, Tensor]:
    ids = torch.randint(3, params.vocab_size, (len(LENGTHS), max(LENGTHS)))
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    return ids * mask, mask


def official_encoder(reference) -> tuple[TextEncoder, dict[str, Tensor]]:
    tensors, config = reference("umt5")
    names = ("vocab_size", "dim", "dim_attn", "dim_ffn", "num_heads", "num_buckets")
    params = TextParams(num_layers=config["encoder_layers"], **{n: config[n] for n in names})
    encoder = TextEncoder(params)
    weights = {k.removeprefix("w."): v for k, v in tensors.items() if k.startswith("w.")}
    encoder.load_state_dict(weights, strict=True)
    return encoder, tensors


@torch.no_grad()
def test_masked_encoding_is_the_official_one(reference) -> None:
    encoder, tensors = official_encoder(reference)
    out = encoder(tensors["ids"], tensors["mask"])
    tokens = tensors["mask"].bool()
    assert relative_error(out[tokens], tensors["out"][tokens]) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("row", [0, 1])
def test_encoding_without_the_padding_is_the_official_one(reference, row: int) -> None:
    encoder, tensors = official_encoder(reference)
    length = int(tensors["mask"][row].sum())
    out = encoder(tensors["ids"][row : row + 1, :length])
    assert relative_error(out[0], tensors["out"][row, :length]) < 1e-5


TRANSFORMERS_NAMES = {
    "norm1": "layer.0.layer_norm",
    "attn.q": "layer.0.SelfAttention.q",
    "attn.k": "layer.0.SelfAttention.k",
    "attn.v": "layer.0.SelfAttention.v",
    "attn.o": "layer.0.SelfAttention.o",
    "pos_embedding.embedding": "layer.0.SelfAttention.relative_attention_bias",
    "norm2": "layer.1.layer_norm",
    "ffn.gate.0": "layer.1.DenseReluDense.wi_0",
    "ffn.fc1": "layer.1.DenseReluDense.wi_1",
    "ffn.fc2": "layer.1.DenseReluDense.wo",
}


def transformers_twin(encoder: TextEncoder, params: TextParams) -> UMT5EncoderModel:
    config = UMT5Config(
        vocab_size=params.vocab_size,
        d_model=params.dim,
        d_kv=params.dim_attn // params.num_heads,
        d_ff=params.dim_ffn,
        num_layers=params.num_layers,
        num_heads=params.num_heads,
        relative_attention_num_buckets=params.num_buckets,
        relative_attention_max_distance=params.max_distance,
        dropout_rate=0.0,
    )
    weights = encoder.state_dict()
    renamed = {
        "shared.weight": weights["token_embedding.weight"],
        "encoder.embed_tokens.weight": weights["token_embedding.weight"],
        "encoder.final_layer_norm.weight": weights["norm.weight"],
    }
    for block in range(params.num_layers):
        for ours, theirs in TRANSFORMERS_NAMES.items():
            name = f"encoder.block.{block}.{theirs}.weight"
            renamed[name] = weights[f"blocks.{block}.{ours}.weight"]
    twin = UMT5EncoderModel(config).eval()
    twin.load_state_dict(renamed, strict=True)
    return twin


@torch.no_grad()
@pytest.mark.parametrize(
    "params",
    [
        pytest.param(TINY, id="square"),
        pytest.param(replace(TINY, dim_attn=64, num_heads=2, num_layers=1), id="wide-heads"),
        pytest.param(replace(TINY, num_buckets=16, max_distance=40), id="few-buckets"),
    ],
)
def test_transformers_encodes_the_same(params: TextParams) -> None:
    encoder = TextEncoder(params)
    for norm in (m for name, m in encoder.named_parameters() if "norm" in name):
        norm.uniform_(0.5, 1.5)
    ids, mask = padded_batch(params)
    expected = transformers_twin(encoder, params)(ids, attention_mask=mask).last_hidden_state
    tokens = mask.bool()
    assert relative_error(encoder(ids, mask)[tokens], expected[tokens]) < 1e-5
    for row, length in enumerate(LENGTHS):
        alone = encoder(ids[row : row + 1, :length])
        assert relative_error(alone[0], expected[row, :length]) < 1e-5


@torch.no_grad()
def test_bfloat16_stays_near_float32() -> None:
    encoder = TextEncoder(TINY)
    ids, mask = padded_batch(TINY)
    expected = encoder(ids, mask)
    out = encoder.bfloat16()(ids, mask)
    assert out.dtype == torch.bfloat16
    assert relative_error(out[mask.bool()], expected[mask.bool()]) < 2e-2


@torch.no_grad()
def test_float16_overflow_is_pulled_back_as_transformers_does() -> None:
    encoder = TextEncoder(TINY)
    block = encoder.blocks[0]
    assert isinstance(block, TextBlock)
    # A residual stream near the largest float16, to which the first block adds as much again.
    encoder.token_embedding.weight.mul_(15000)
    block.ffn.fc2.weight.mul_(20000)
    encoder.half()
    ids, mask = padded_batch(TINY)
    tokens = mask.bool()
    twin = transformers_twin(encoder, TINY).half()
    expected = twin(ids, attention_mask=mask, output_hidden_states=True)

    x = encoder.embed(ids)
    assert (x + block.ffn(block.norm2(x))).isinf().any()  # else the test tests nothing
    after_block = block(x, mask)[tokens]
    assert after_block.abs().max() == expected.hidden_states[1][tokens].abs().max()
    out = encoder(ids, mask)[tokens]
    assert relative_error(out, expected.last_hidden_state[tokens].float()) < 1e-2


def test_parameters_are_those_of_the_official_checkpoint(manifest) -> None:
    with torch.device("meta"):
        encoder = TextEncoder(TextParams())
    shapes = {name: list(tensor.shape) for name, tensor in encoder.state_dict().items()}
    assert shapes == manifest("models_t5_umt5-xxl-enc-bf16")


@torch.no_grad()
def test_encoder_runs_in_parts_from_a_mapped_file(reference, tmp_path: Path) -> None:
    encoder, tensors = official_encoder(reference)
    params = TextParams(300, 64, 64, 128, 4, 3)
    save_file(encoder.state_dict(), tmp_path / "encoder.safetensors")
    with torch.device("meta"):
        block, norm = TextBlock(params), TextEncoder(params).norm

    length = int(tensors["mask"][1].sum())
    with safe_open(tmp_path / "encoder.safetensors", framework="pt") as file:
        x = file.get_tensor("token_embedding.weight")[tensors["ids"][1:2, :length]]
        for index in range(params.num_layers):
            weights = {n: file.get_tensor(f"blocks.{index}.{n}") for n in block.state_dict()}
            block.load_state_dict(weights, assign=True)
            x = block(x)
        norm.load_state_dict({"weight": file.get_tensor("norm.weight")}, assign=True)
    assert relative_error(norm(x)[0], tensors["out"][1, :length]) < 1e-5


def test_every_parameter_learns() -> None:
    encoder = TextEncoder(TINY)
    ids, mask = padded_batch(TINY)
    encoder(ids, mask)[mask.bool()].square().mean().backward()
    still = [n for n, p in encoder.named_parameters() if p.grad is None or not p.grad.any()]
    assert not still


# The tokenizer


CORPUS = [
    "a cat sits on the mat in the sun",
    "the quick brown fox jumps over the lazy dog",
    "hello world, this is a video of a robot!",
    "一只猫坐在垫子上",
    "色调艳丽，过曝，静态，细节模糊不清",
] * 20

PROMPTS = {
    "english": "a robot sits on the mat, in a video of the quick brown fox!",
    "chinese": "一只猫，细节模糊不清 in the sun",
    "emoji": "a cat 😀 on the 👩‍🚀 mat",
    "unclean": "  a cat &amp;amp; the\t\nfox\u3000jumps  ",
    "empty": "",
    "long": "the lazy dog jumps over the quick brown fox, " * 100,
}

prompts = pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS.keys())


def train_spiece(vocab_size: int = 120, **options: Any) -> bytes:
    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_writer=model,
        vocab_size=vocab_size,
        hard_vocab_limit=False,
        model_type="unigram",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        pad_piece="<pad>",
        num_threads=1,
        minloglevel=2,
        **options,
    )
    return model.getvalue()


@pytest.fixture(scope="module")
def spiece() -> bytes:
    return train_spiece(normalization_rule_name="identity")


@pytest.fixture(scope="module")
def judge(spiece: bytes) -> T5Tokenizer:
    """Transformers' tokenizer over the same pieces."""
    processor = SentencePieceProcessor(model_proto=spiece)
    ids = range(processor.vocab_size())
    pieces = [(processor.id_to_piece(i), processor.get_score(i)) for i in ids]
    return T5Tokenizer(vocab=pieces, extra_ids=0)


@pytest.fixture(params=["tokenizer.json", "spiece.model", "bytes"])
def make_tokenizer(request, spiece: bytes, judge: T5Tokenizer, tmp_path: Path):
    """A function from a token limit to our tokenizer, read in each way that there is."""
    if request.param == "bytes":
        return lambda limit: Tokenizer.from_spiece(spiece, "encoder.safetensors", limit)
    path = tmp_path / request.param
    if request.param == "spiece.model":
        path.write_bytes(spiece)
    else:
        # Saved with the limits of some earlier use, which must not be ours.
        judge("a", truncation=True, max_length=4, padding="max_length")
        judge.backend_tokenizer.save(str(path))
        assert json.loads(path.read_text("utf-8"))["truncation"]["max_length"] == 4
    return lambda limit: Tokenizer.from_file(path, limit)


@prompts
@pytest.mark.parametrize("limit", [512, 16])
def test_transformers_tokenizes_the_same(make_tokenizer, judge, prompt: str, limit: int) -> None:
    expected = judge(clean_prompt(prompt), truncation=True, max_length=limit).input_ids
    assert make_tokenizer(limit).encode(prompt) == expected


def test_end_token_stays_when_the_prompt_is_cut(make_tokenizer, judge) -> None:
    ids = make_tokenizer(16).encode(PROMPTS["long"])
    assert len(ids) == 16
    assert ids[-1] == judge.eos_token_id
    assert judge.eos_token_id not in ids[:-1]


@prompts
def test_measure_says_what_fits(make_tokenizer, judge, prompt: str) -> None:
    limit = 16
    count = make_tokenizer(limit).measure(prompt)
    assert (count.used, count.limit) == (len(judge(clean_prompt(prompt)).input_ids), limit)
    assert (count.cut_at is None) == (count.used <= limit)


@pytest.mark.parametrize("name", ["english", "chinese", "emoji", "long"])
def test_text_before_the_cut_is_all_that_is_encoded(make_tokenizer, name: str) -> None:
    limit = 8
    tokenizer = make_tokenizer(limit)
    cut_at = tokenizer.measure(PROMPTS[name]).cut_at
    text = clean_prompt(PROMPTS[name])[:cut_at]
    assert tokenizer.measure(text).cut_at is None
    kept, whole = tokenizer.encode(text), tokenizer.encode(PROMPTS[name])
    assert kept[:-1] == whole[: len(kept) - 1]
    # A space may be a piece of its own, which is lost where it has become the last character.
    assert len(whole) - len(kept) <= text.endswith(" ")


def test_unknown_characters_become_bytes_where_the_model_has_them() -> None:
    data = train_spiece(vocab_size=400, byte_fallback=True)
    ids = Tokenizer.from_spiece(data, "test").encode("😀")
    processor = SentencePieceProcessor(model_proto=data)
    pieces = [f"<0x{byte:02X}>" for byte in "😀".encode()]
    assert ids == [processor.piece_to_id(p) for p in ("▁", *pieces, "</s>")]


def test_vocab_size_is_the_number_of_ids(make_tokenizer, judge) -> None:
    assert make_tokenizer(512).vocab_size == len(judge)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", b""),
        ("tokenizer.json", b'{"version": "1.0", "model": {"type": "Uni'),
        ("tokenizer.json", b'{"_class_name": "WanTransformer3DModel"}'),
        ("spiece.model", b""),
        ("spiece.model", b"<!doctype html><html>404</html>"),
    ],
    ids=["empty-json", "cut-json", "other-json", "empty-spiece", "html-spiece"],
)
def test_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged") as caught:
        Tokenizer.from_file(path)
    assert str(path) in str(caught.value)


def test_half_a_spiece_model_is_damaged(spiece: bytes) -> None:
    with pytest.raises(UserError, match=r"encoder\.safetensors is damaged"):
        Tokenizer.from_spiece(spiece[: len(spiece) // 2], "encoder.safetensors")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"spiece\.model can't be read"):
        Tokenizer.from_file(tmp_path / "spiece.model")


def test_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    words = {"type": "WordLevel", "vocab": {"[UNK]": 0, "cat": 1}, "unk_token": "[UNK]"}
    path.write_text(json.dumps({"version": "1.0", "model": words}))
    with pytest.raises(UserError, match="no </s> token"):
        Tokenizer.from_file(path)
    with pytest.raises(UserError, match="no </s> token"):
        Tokenizer.from_spiece(train_spiece(eos_piece="<end>"), "test")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a cat", "a cat"),
        ("", ""),
        ("  a\t\tcat \r\n on\u3000the\xa0mat ", "a cat on the mat"),
        ("schÃ¶n", "schön"),  # UTF-8 read as Latin-1
        ("“a cat’s” mat", '"a cat\'s" mat'),
        ("ＦＵＬＬ width", "FULL width"),
        ("ﬁre", "fire"),
        ("e\u0301", "é"),
        ("a\x00\x1b[31m cat\x1b[0m", "a cat"),
        ("salt &amp; pepper", "salt & pepper"),
        ("&amp;lt;b&amp;gt;", "<b>"),
        ("&amp;amp;amp;amp;", "&"),  # ftfy undoes two levels itself: it goes on while it helps
        ("<b>salt &amp;amp; pepper</b>", "<b>salt & pepper</b>"),  # ftfy leaves HTML alone
        ("<b>&amp;amp;amp;</b>", "<b>&amp;</b>"),
        ("a&nbsp;&nbsp;cat", "a cat"),
        ("一只猫，在 垫子", "一只猫,在 垫子"),
        ("a 😀 cat", "a 😀 cat"),
    ],
)
def test_prompt_is_cleaned_as_officially(text: str, clean: str) -> None:
    assert clean_prompt(text) == clean
