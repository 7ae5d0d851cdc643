"""Which model a file of weights is, by its tensors, what it is for, and why some can't be used.

Sources for the marks of each family: ComfyUI's model detection, diffusers' single-file loader and the
official implementations of Wan2.1 and Wan2.2.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inference.api.sentence import Sentence
from inference.api.spec import Task
from inference.weights.checkpoint import Checkpoint, of_plausible_shapes
from inference.weights.files import Stored
from inference.weights.names import Network

SIZES = {1536: "1.3B", 3072: "5B", 5120: "14B"}  # a transformer's width to its usual name
UMT5_VOCABULARY = 256384
CLIP_WIDTH = 1280
LATENT_CHANNELS = 16


@dataclass(frozen=True, slots=True)
class Variant:
    """`title` "Wan2.1 VACE", `size` "1.3B"; `use` finishes "it is for ...".

    `obstacle` is empty where the file can be used, else it finishes "it can't be used: ...". `tasks` is
    what a transformer can be asked to do.
    """

    title: str
    size: str = ""
    use: str = ""
    obstacle: str = ""
    tasks: frozenset[Task] = frozenset()

    @property
    def name(self) -> str:
        """Such as "Wan2.1 VACE 1.3B"; a `Sentence` where there is anything to translate."""
        if not isinstance(self.title, Sentence) and not isinstance(self.size, Sentence):
            return f"{self.title} {self.size}".strip()
        return Sentence("{title} {size}", title=self.title, size=self.size)


# Tensors that only an extended transformer has, and what it is then.
EXTENSIONS = {
    "control_adapter": Sentence("Fun-Control with a camera"),
    "ref_conv": Sentence("Fun-Control with a reference image"),
    "casual_audio_encoder": Sentence("S2V, speech to video"),  # the official spelling
    "audio_proj": Sentence("driven by sound (HuMo, MultiTalk)"),
    "face_adapter": "Animate",
    "fps_embedding": Sentence("SkyReels-V2 diffusion forcing"),
    "fps_projection": Sentence("SkyReels-V2 diffusion forcing"),
}
BLOCK_EXTENSIONS = {
    "to_gate_compress": Sentence("FastWan with sparse attention"),
    "cam_encoder": "ReCamMaster",
    "audio_cross_attn": "MultiTalk",
}
_BLOCK = re.compile(r"(?:vace_)?blocks\.\d+\.(?:self_attn\.)?(?:attn1\.)?(\w+)")


@of_plausible_shapes
def classify(checkpoint: Checkpoint) -> Variant:
    """Name a network and say what it is for."""
    match checkpoint.network:
        case Network.DIT:
            return _classify_dit(checkpoint)
        case Network.TEXT:
            return _classify_text(checkpoint)
        case Network.VAE:
            return _classify_vae(checkpoint)
        case Network.IMAGE:
            return _classify_image(checkpoint)


def classify_other(tensors: Mapping[str, Stored]) -> Variant:
    """Name a file in which no network was recognised."""
    if size := _lora_size(tensors):
        title = "LoRA" if size == "?" else "Wan2.1 LoRA"
        return Variant(
            title, size.strip("?"), obstacle=Sentence("it's a LoRA, which Kinora can't use yet")
        )
    if any(name.endswith("vace_patch_embedding.weight") for name in tensors):
        name = next(n for n in tensors if n.endswith("vace_patch_embedding.weight"))
        return Variant(
            "Wan2.1 VACE module",
            size_label(tensors[name].shape[0]),
            obstacle=Sentence(
                "it's only the VACE part of a transformer: use a whole VACE transformer"
            ),
        )
    if _shape(tensors, "decoder.1.weight")[1:] == (LATENT_CHANNELS, 3, 3):
        return Variant(
            "small preview decoder (TAE)",
            obstacle=Sentence("it's a preview decoder, which Kinora can't use yet"),
        )
    first = ", ".join(list(tensors)[:3]) or Sentence("none")
    obstacle = Sentence("it isn't a part of Wan2.1 (its first tensors are {first})", first=first)
    return Variant("unknown", obstacle=obstacle)


def size_label(dim: int) -> str:
    """The usual name of a transformer's size by its width: 1536 is "1.3B"."""
    return SIZES.get(dim) or Sentence("width {width}", width=dim)


def _classify_dit(checkpoint: Checkpoint) -> Variant:
    sources = checkpoint.sources
    size = size_label(checkpoint.shape("head.modulation")[-1])
    if extension := _extension(sources):
        return Variant(
            extension,
            size,
            obstacle=Sentence(
                "it's a Wan transformer for {extension}, which Kinora can't use yet",
                extension=extension,
            ),
        )
    patch = sources.get("patch_embedding.weight")
    in_dim = patch.shape[1] if patch and len(patch.shape) == 5 else LATENT_CHANNELS
    clip = "img_emb.proj.0.weight" in sources
    match in_dim, clip:
        case 16, False if "vace_patch_embedding.weight" in sources:
            use = "text to video, references, masks and control videos"
            return Variant("Wan2.1 VACE", size, use, tasks=frozenset({Task.VACE, Task.T2V}))
        case 16, False:
            return Variant("Wan2.1 T2V", size, "text to video", tasks=frozenset({Task.T2V}))
        case 36, True if "img_emb.emb_pos" in sources:
            use = "video between a first and a last image"
            return Variant("Wan2.1 FLF2V", size, use, tasks=frozenset({Task.FLF2V}))
        case 36, True:
            return Variant("Wan2.1 I2V", size, "image to video", tasks=frozenset({Task.I2V}))
        case 36, False:
            title = "Wan2.2 I2V"
        case 32, _:
            title = Sentence("Fun-Control with a camera")
        case 48, _ if size == "5B":
            title = "Wan2.2 TI2V"
        case 48 | 52, _:
            title = "Fun-Control"
        case _:
            title = Sentence("Wan transformer with {channels} input channels", channels=in_dim)
    return Variant(
        title,
        size,
        obstacle=Sentence("it's a {title} model, which Kinora can't use yet", title=title),
    )


def _classify_text(checkpoint: Checkpoint) -> Variant:
    vocabulary = checkpoint.shape("token_embedding.weight")[0]
    if "blocks.1.pos_embedding.embedding.weight" not in checkpoint.sources:
        return Variant(
            "T5",
            obstacle=Sentence(
                "it's a T5 encoder, for other models: Wan2.1 needs UMT5-XXL's encoder"
            ),
        )
    title = "UMT5-XXL" if vocabulary == UMT5_VOCABULARY else "UMT5"
    return Variant(title, use="every Wan2.1 transformer")


def _classify_vae(checkpoint: Checkpoint) -> Variant:
    channels = checkpoint.shape("conv2.weight")[0]
    if channels == LATENT_CHANNELS:
        return Variant("Wan2.1", use="every Wan2.1 transformer")
    return Variant(
        "Wan2.2" if channels == 48 else "",
        obstacle=Sentence(
            "its latents have {channels} channels, where Wan2.1's have {expected}",
            channels=channels,
            expected=LATENT_CHANNELS,
        ),
    )


def _classify_image(checkpoint: Checkpoint) -> Variant:
    width = checkpoint.shape("patch_embedding.weight")[0]
    if width == CLIP_WIDTH:
        return Variant("CLIP ViT-H", use="image to video and first-last-frame transformers")
    return Variant("CLIP", use=f"transformers that take image tokens of width {width}")


def _extension(names: Iterable[str]) -> str:
    """The family whose extra tensors are among a transformer's `names`; empty for none."""
    for name in names:
        top = EXTENSIONS.get(name.partition(".")[0])
        block = _BLOCK.match(name)
        inner = BLOCK_EXTENSIONS.get(block[1]) if block else None
        if top or inner:
            return top or inner or ""
    return ""


_LORA = re.compile(
    r".*(?:\.lora_(?:A|B|down|up)(?:\.\w+)?(?:\.weight)?|\.lokr_w[12].*|\.hada_w.*|\.diff(?:_b|_m)?)"
)
_LORA_QUERY = re.compile(
    r".*blocks[._]\d+[._](?:self_attn[._]q|attn1[._]to_q)\.lora_(?:A|down)(?:\.\w+)?\.weight"
)


def _lora_size(tensors: Mapping[str, Stored]) -> str:
    """The size of the transformer that a LoRA is for, "?" if that can't be told; "" for no LoRA."""
    if not any(_LORA.fullmatch(name) for name in tensors):
        return ""
    for name, tensor in tensors.items():
        if _LORA_QUERY.fullmatch(name):
            return size_label(tensor.shape[-1])
    return "?"


def _shape(tensors: Mapping[str, Stored], name: str) -> tuple[int, ...]:
    return tensors[name].shape if name in tensors else ()
