"""From the prompts of a clip to what the transformer reads of them."""

from collections.abc import Generator, Iterator

from torch import Tensor

from inference import sample
from inference.api.errors import UserError
from inference.api.messages import Event, Stage
from inference.api.sentence import Sentence
from inference.api.spec import ModelSpec
from inference.api.version import LAUNCHER
from inference.catalog import Model
from inference.embeddings import stream_embeddings
from inference.job import Job, told
from inference.load import load_tokenizer
from inference.precision import text_dtype
from inference.wan.text import Tokenizer
from inference.weights.params import dit_params, text_params


def encode_prompts(job: Job) -> Generator[Event, None, tuple[Tensor, Tensor | None]]:
    """The embeddings [1, L, text_dim] of the prompt and, under guidance, of the negative prompt."""
    request, model = job.request, job.model
    tokenizer = _load_tokenizer(model)
    for message in _notices(request.prompt, model.spec, tokenizer):
        yield job.notice(message)
    prompts = [request.prompt]
    if sample.is_guided(request.guidance):
        prompts.append(request.negative_prompt)
    job.stages.begin()
    tokens = [tokenizer.encode(prompt) for prompt in prompts]
    embeddings, made = yield from _stream_text(job, tokens)
    job.stages.end(Stage.TEXT, was_kept=made == 0)
    context, *unconditional = (embedding[None] for embedding in embeddings)
    return context, unconditional[0] if unconditional else None


def _load_tokenizer(model: Model) -> Tokenizer:
    tokenizer = load_tokenizer(model.files, dit_params(model.dit).text_len)
    rows = text_params(model.text).vocab_size
    if tokenizer.vocab_size > rows:
        raise UserError(
            "The tokenizer of {path} has {tokens} tokens and its text encoder knows {rows}: use "
            "the one that came with the encoder.",
            path=model.files.path,
            tokens=tokenizer.vocab_size,
            rows=rows,
        )
    return tokenizer


def _stream_text(
    job: Job, ids: list[list[int]]
) -> Generator[Event, None, tuple[list[Tensor], int]]:
    """The vectors [L, text_dim] of each prompt, from its token ids; how many weren't kept yet."""
    text = job.model.text
    params = text_params(text)
    blocks = stream_embeddings(text, params, ids, job.device, text_dtype(job.device))
    return (yield from told(blocks, job, Stage.TEXT, params.num_layers))


def _notices(prompt: str, spec: ModelSpec, tokenizer: Tokenizer) -> Iterator[Sentence]:
    """What the user should know of a prompt before waiting for the clip."""
    count = tokenizer.measure(prompt)
    if count.cut_at is not None:
        yield Sentence(
            "The prompt takes {used} tokens and the model reads {limit}: it won't see what comes "
            "after the first {cut_at} characters.",
            used=count.used,
            limit=count.limit,
            cut_at=count.cut_at,
        )
    if spec.world and tokenizer.has_unknown_words(prompt):
        yield Sentence(
            "The {model} model knows only its toy world: {world}. For anything else, get a real one, on "
            "the Models page or with: {kinora} models download t2v-1.3b",
            model=spec.name,
            world=spec.world,
            kinora=LAUNCHER,
        )
