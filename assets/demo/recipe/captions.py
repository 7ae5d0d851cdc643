"""What is said of a scene, in English and in Chinese, and the tokenizer made for it."""

import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import Unigram

from assets.demo.recipe import world
from assets.demo.recipe.world import Scene, Thing

LANGUAGES = ("en", "zh")

_ENGLISH = {
    "left": ("moves left", "moving to the left", "slides left"),
    "right": ("moves right", "moving to the right", "slides right"),
    "up": ("moves up", "moving upwards", "rises"),
    "down": ("moves down", "moving downwards", "sinks"),
    "still": ("stays still", "standing still", "does not move"),
    "bounce": ("bounces", "bouncing up and down", "bounces on the ground"),
    "rotate": ("rotates", "spinning around", "turns around"),
    "grow": ("grows", "getting bigger", "becomes larger"),
    "sky": ("in the sky", "against a blue sky", "in front of the sky"),
    "night": ("at night", "against the night sky", "in the dark night"),
    "sand": ("on the sand", "in the desert", "on a sandy beach"),
    "chessboard": ("on a chessboard", "over a grey chessboard", "on a checkered board"),
}
_CHINESE = {
    "circle": ("圆形", "圆"),
    "square": ("正方形", "方块"),
    "triangle": ("三角形", "三角"),
    "red": ("红色", "红"),
    "orange": ("橙色", "橘色"),
    "yellow": ("黄色", "黄"),
    "green": ("绿色", "绿"),
    "blue": ("蓝色", "蓝"),
    "purple": ("紫色", "紫"),
    "left": ("向左移动", "往左移动", "向左滑动"),
    "right": ("向右移动", "往右移动", "向右滑动"),
    "up": ("向上移动", "往上移动", "升起"),
    "down": ("向下移动", "往下移动", "下沉"),
    "still": ("静止不动", "保持不动", "停着不动"),
    "bounce": ("弹跳", "上下弹跳", "在地上弹跳"),
    "rotate": ("旋转", "转动", "转圈"),
    "grow": ("变大", "长大", "越来越大"),
    "sky": ("天空中", "蓝天前", "天空前"),
    "night": ("夜晚", "夜空中", "黑夜里"),
    "sand": ("沙地上", "沙漠里", "沙滩上"),
    "chessboard": ("棋盘上", "灰色棋盘上", "格子棋盘上"),
}

_STRANGE = "abcdefghijklmnopqrstuvwxyz猫狗车人山水你好ñßж!?-"


def caption(rng: random.Random, scene: Scene, language: str) -> str:
    """One way of saying what `scene` shows; the things in it move alike."""
    return _in_english(rng, scene) if language == "en" else _in_chinese(rng, scene)


def _in_english(rng: random.Random, scene: Scene) -> str:
    things = " and ".join(f"{_article(t.colour)} {t.colour} {t.shape}" for t in scene.things)
    motion = rng.choice(_ENGLISH[scene.things[0].motion])
    place = rng.choice(_ENGLISH[scene.background])
    text = rng.choice((f"{things} {motion} {place}", f"{place}, {things} {motion}"))
    return rng.choice((text, text + ".", text[0].upper() + text[1:] + "."))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _in_chinese(rng: random.Random, scene: Scene) -> str:
    def name(thing: Thing) -> str:
        colour = rng.choice(_CHINESE[thing.colour])
        colour += rng.choice(("的", "")) if len(colour) > 1 else ""
        return rng.choice(("一个", "")) + colour + rng.choice(_CHINESE[thing.shape])

    things = "和".join(name(t) for t in scene.things)
    motion = rng.choice(_CHINESE[scene.things[0].motion])
    place = rng.choice(_CHINESE[scene.background])
    text = rng.choice((f"{things}在{place}{motion}", f"{place}，{things}{motion}"))
    return text + rng.choice(("", "。"))


def with_noise(rng: random.Random, text: str) -> str:
    """`text` with a word put in that the vocabulary does not hold, so that such words come to nothing."""
    word = "".join(rng.choice(_STRANGE) for _ in range(rng.randint(1, 6)))
    at = rng.choice([0, len(text), *(i for i, c in enumerate(text) if c == " ")])
    return f"{text[:at]} {word} {text[at:]}"


def corpus() -> Iterator[str]:
    """Captions enough to hold every word, for the tokenizer's training."""
    rng = random.Random(1)
    for combination in world.combinations(world.MOTIONS) * 4:
        scene = world.random_scene(rng, combination)
        yield caption(rng, scene, "en")
        yield caption(rng, world.second_thing(rng, scene), rng.choice(LANGUAGES))
        yield caption(rng, scene, "zh")


def make_tokenizer(file: Path) -> None:
    """Writes a `tokenizer.json` whose pieces are whole words and single Chinese characters.

    Nothing longer, or a combination of words that training never saw would be a piece without a
    meaning. Case is folded; what the vocabulary does not hold is spelled in bytes, so any text has tokens.
    """
    split = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{Han}|\p{P}"), "isolated"),
            pre_tokenizers.WhitespaceSplit(),
        ]
    )
    normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    words = {
        word
        for text in corpus()
        for word, _ in split.pre_tokenize_str(normalizer.normalize_str(text))
    }
    pieces = ["<pad>", "</s>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    vocabulary = [*((piece, -20.0) for piece in pieces), *((word, -1.0) for word in sorted(words))]
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=2, byte_fallback=True))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = split
    tokenizer.add_special_tokens(pieces[:3])
    file.write_text(tokenizer.to_str(), "utf-8")
