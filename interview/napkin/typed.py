"""Reads what a person types as an answer: numbers with units, prefixes, fractions and powers."""

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from interview.napkin.problem import Problem
from interview.schema import Both

ABOUT = re.compile(r"^(?:~|≈|=|about|around|approximately|ca\.|大约|约)\s*", re.IGNORECASE)
GROUPS = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:[_ ]\d{3})+(?!\d)|\d+"
NUMBER = rf"(?:{GROUPS})(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?"
TERM = re.compile(rf"({NUMBER})(?:\s*(?:\^|\*\*)\s*([+-]?\d+))?")
JOINT = re.compile(r"\s*(\*(?!\*)|×|·|/|x(?=\s*[\d.]))\s*", re.IGNORECASE)
Scale = tuple[str, float]  # what is measured, and how many of its base unit
PER = re.compile(r"(?<=\S)\s+(?:per|an?)\s+|\s*每")  # "tokens per second", "bits a weight"
SHARED = re.compile(r"/(?:weight|element|param|parameter|symbol|code|number|个?权重|个?参数|个?元素)s?$")

DECIMAL = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
SMALL = {"m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9, "p": 1e-12}
WORDS = {
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "千": 1e3, "万": 1e4, "百万": 1e6, "亿": 1e8, "十亿": 1e9, "万亿": 1e12,
}  # fmt: skip
COUNT_WORDS = {"B": 1e9, "b": 1e9, "m": 1e6}  # "7B parameters"
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺"
COUNTED = (
    *(
        "parameter",
        "parameters",
        "params",
        "weight",
        "weights",
        "number",
        "numbers",
        "token",
        "tokens",
        "tok",
    ),
    *("entry", "entries", "image", "images", "round", "rounds", "sequence", "sequences", "layer", "layers"),
    *("inference", "inferences", "feature", "features", "pixel", "pixels", "product", "products", "rank"),
    *("参数", "个参数", "个", "词元", "个词元", "项", "张", "轮", "条", "层", "次", "像素"),
)

# What is measured, the prefixes it may have, its names with their size in the base unit.
UNITS: tuple[tuple[str, dict[str, float], dict[str, float]], ...] = (
    ("data", DECIMAL | BINARY, {"B": 1.0, "byte": 1.0, "bytes": 1.0, "bit": 1 / 8, "bits": 1 / 8}),
    ("data", {"": 1.0}, {"字节": 1.0, "比特": 1 / 8, "位": 1 / 8}),
    ("FLOP", DECIMAL, {"FLOP": 1.0, "FLOPs": 1.0}),
    ("MAC", DECIMAL, {"MAC": 1.0, "MACs": 1.0}),
    ("MAC", {"": 1.0}, {"multiply-accumulates": 1.0, "次乘加": 1.0, "次乘加运算": 1.0}),
    ("energy", {"": 1.0}, {"焦耳": 1.0, "毫焦": 1e-3, "微焦": 1e-6}),
    ("operation", DECIMAL, {"OP": 1.0, "OPs": 1.0}),
    ("energy", DECIMAL | SMALL, {"J": 1.0, "Wh": 3600.0}),
    ("power", DECIMAL | SMALL, {"W": 1.0}),
    ("time", {"": 1.0} | SMALL, {"s": 1.0}),
    ("time", {"": 1.0}, {"sec": 1.0, "second": 1.0, "seconds": 1.0, "秒": 1.0, "毫秒": 1e-3, "微秒": 1e-6}),
    ("time", {"": 60.0}, {"min": 1.0, "minute": 1.0, "minutes": 1.0, "分钟": 1.0}),
    ("time", {"": 3600.0}, {"h": 1.0, "hour": 1.0, "hours": 1.0, "小时": 1.0}),
    ("time", {"": 86400.0}, {"d": 1.0, "day": 1.0, "days": 1.0, "天": 1.0}),
    ("ratio", {"": 1.0}, dict.fromkeys(("", "x", "X", "×", "times", "fold", "倍"), 1.0)),
    ("ratio", {"": 0.01},
    dict.fromkeys(("%", "percent", "points", "percentage points", "pp", "个百分点"), 1.0)),
    ("level", {"": 1.0}, {"dB": 1.0, "分贝": 1.0}),
    ("count", {"": 1.0}, dict.fromkeys(COUNTED, 1.0)),
)  # fmt: skip
NAMES: dict[str, Scale] = {
    prefix + name: (kind, size * factor)
    for kind, prefixes, names in UNITS
    for prefix, factor in prefixes.items()
    for name, size in names.items()
}
FOLDED = {name.lower(): scale for name, scale in NAMES.items() if scale[0] in ("data", "level")}


class Unreadable(ValueError):
    """What was typed is no answer; the message says why, `text` in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.text = Both(en=en, zh=zh)


@dataclass(frozen=True)
class Verdict:
    """The judgement of an answer: `value` as it was read, in the unit of the problem; `note` names a slip."""

    mark: Literal["right", "near", "wrong"]
    value: float
    note: Both | None = None


def judge(problem: Problem, typed: str) -> Verdict:
    """Right within the tolerance; near when it is a slip that has a name; wrong otherwise.

    A number without a unit is taken in the unit of the problem.

    Raises:
        Unreadable: no number, an unknown unit, or the unit of something else; to be asked again.
    """
    value = read(typed, problem.unit)
    if close(value, problem.answer, problem.tolerance):
        return Verdict("right", value)
    nearness = max(problem.tolerance, 0.005)
    for known in problem.slips:
        if close(value, known.value, nearness):
            return Verdict("near", value, known.why)
    note = general(value / problem.answer, problem.unit, nearness) if value and problem.answer else None
    return Verdict("near" if note else "wrong", value, note)


def close(value: float, wanted: float, tolerance: float) -> bool:
    """Whether the relative difference is at most `tolerance`; 0 leaves room for rounding of floats alone."""
    return abs(value - wanted) <= max(tolerance, 1e-9) * abs(wanted)


def general(ratio: float, unit: str, tolerance: float) -> Both | None:
    """The name of a slip that can happen in any question, from the answer given over the right one."""
    kind = scale_of(unit)[0]
    if "data" in kind.split("/"):
        if close(ratio, 8, tolerance) or close(ratio, 1 / 8, tolerance):
            return Both(en="bits and bytes mixed up, a factor of 8", zh="比特和字节弄混了，差了 8 倍")
        if any(close(ratio, 1.024**power, tolerance) for power in (-4, -3, -2, -1, 1, 2, 3, 4)):
            return Both(en="2**10 and 10**3 mixed up (GiB and GB)", zh="2**10 和 10**3 弄混了（GiB 与 GB）")
    if kind == "ratio" and (close(ratio, 100, tolerance) or close(ratio, 1 / 100, tolerance)):
        return Both(
            en="fraction and percentage mixed up, a factor of 100", zh="小数和百分数弄混了，差了 100 倍"
        )
    if any(close(ratio, 10.0**power, tolerance) for power in range(-15, 16) if power):
        return Both(en="the digits are right, the power of ten is not", zh="数字对了，数量级错了")
    if close(ratio, 2, tolerance) or close(ratio, 1 / 2, tolerance):
        return Both(en="off by a factor of two", zh="差了 2 倍")
    return None


def read(typed: str, unit: str) -> float:
    """The number that was typed, in `unit`.

    >>> read("512 MB", "GB"), read("1,200,000", "parameter"), read("1/4", "%"), read("1.2x10^9", "MAC")
    (0.512, 1200000.0, 25.0, 1200000000.0)

    Raises:
        Unreadable: it is no number, or its unit does not measure what `unit` does.
    """
    text = re.sub(f"[{SUPERSCRIPTS}]+", lambda raised: f"^{raised[0]}", typed)  # 10⁹, before it becomes 109
    text = ABOUT.sub("", unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-").strip())
    text = text.replace("\N{FRACTION SLASH}", "/")
    text = re.sub(r"[.。]$", "", text)  # the end of a sentence
    sign = -1.0 if text.startswith("-") else 1.0
    value, rest = _product(text.removeprefix("-").removeprefix("+").strip())
    if unit == "%" and "/" in text and not rest:
        rest = "x"  # 1/3 is a fraction, never a third of a percent
    kind, factor = _scale(rest, unit)
    wanted, base = scale_of(unit)
    if kind != wanted:
        raise Unreadable(
            f"{rest!r} does not measure what is asked for; write a number in {unit or 'plain form'}",
            f"{rest!r} 不是所问的量；请用 {unit or '纯数字'} 作答",
        )
    return sign * value * factor / base


def _product(text: str) -> tuple[float, str]:
    """The value of 'a', 'a/b', 'a x 10^9' at the start of the text, and what stands behind it."""
    value, place, joint = 1.0, 0, "*"
    while True:
        match = TERM.match(text, place)
        if match is None:
            raise Unreadable(
                f"{text[place:] or 'nothing'!r} is no number; write for example 1.2e9, 512 MB or 3/4",
                f"{text[place:] or '空'!r} 不是数字；例如写 1.2e9、512 MB 或 3/4",
            )
        try:
            term = float(re.sub("[,_ ]", "", match[1])) ** int(match[2] or 1)
            value = value / term if joint == "/" else value * term
        except (OverflowError, ZeroDivisionError, ValueError):
            raise Unreadable(f"{text!r} is no finite number", f"{text!r} 不是有限的数") from None
        place = match.end()
        if re.match(r"[\d.,]", text[place:]):
            raise Unreadable(
                f"{text!r}: a comma stands only between groups of three digits, the decimal sign is a point",
                f"{text!r}：逗号只用作千位分隔，小数点用英文句点",
            )
        following = JOINT.match(text, place)
        if following is None or not TERM.match(text, following.end()):
            if not math.isfinite(value):
                raise Unreadable(f"{text!r} is no finite number", f"{text!r} 不是有限的数")
            return value, text[place:].strip()
        joint, place = following[1], following.end()


def _scale(name: str, unit: str) -> Scale:
    """What a typed unit measures; nothing, or a prefix alone, stands for the unit of the problem."""
    kind, base = scale_of(unit)
    if not name:
        return kind, base
    name = PER.sub("/", name).removeprefix("GPU").lstrip(" -")
    if kind == "data":
        name = "bit" if (unit, name) == ("bit", "b") else SHARED.sub("", name)
    counted = kind.startswith("count")
    if not counted and (known := _known(name)):
        return known
    words = DECIMAL | WORDS | (COUNT_WORDS if counted else {})
    for word in words:  # "5 million parameters", "3 G"
        if word and name.startswith(word):
            rest = name.removeprefix(word).strip()
            if not rest:
                return kind, words[word]
            if (known := _known(rest)) and known[0] == kind:
                return kind, words[word] * known[1]
    return scale_of(name)


def _known(name: str) -> Scale | None:
    try:
        return scale_of(name)
    except Unreadable:
        return None


def scale_of(name: str) -> Scale:
    """What a unit measures and its size in the base unit; 'GB/s' is ('data/time', 1e9).

    Raises:
        Unreadable: no such unit is known.
    """
    name = re.sub("OPS$", "OP/s", name)  # TOPS, GFLOPS
    if name in NAMES:
        return NAMES[name]
    above, slash, below = name.partition("/")
    if slash:
        (one, top), (two, bottom) = scale_of(above.strip()), scale_of(below.strip())
        return f"{one}/{two}", top / bottom
    if name.lower() in FOLDED:
        return FOLDED[name.lower()]
    raise Unreadable(f"{name!r} is no unit that is known here", f"不认识单位 {name!r}")
