"""One file for a network of small integers whose architecture the reader knows; see docs/records.md.

A rectifier network can be scaled layer by layer without changing an answer, so weights that are multiples of
one step a layer need no step in the file: they are the integers 0, +-1, +-2 ..., biases are multiples of a
power of two. What remains is where the few weights are, and which. Each such question is a bit whose
probability is mixed from several guesses (how full is this row, this column, what do the neighbours say?) by
a small model that learns while it codes; the decoder learns the same from the same bits. Integers and
decimals alone, so that every machine reads the same network.

Source: Mahoney 2005, "Adaptive Weighing of Context Models for Lossless Data Compression" (the mixture);
Krichevsky and Trofimov 1981 (the counts).
"""

import binascii
import functools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

import torch
from torch import Tensor

from shrink.nets import NETS
from shrink.range_coder import Context, Decoder, Encoder

# Layer -> (units, channels, height, width): a unit sees height x width of every channel of the layer before.
Shape = tuple[int, int, int, int]
GRIDS: dict[str, dict[str, Shape]] = {
    "lenet_300_100": {"1": (300, 1, 28, 28), "3": (100, 300, 1, 1), "5": (10, 100, 1, 1)},
    "lenet_5": {"0": (20, 1, 5, 5), "2": (50, 20, 5, 5), "5": (500, 50, 4, 4), "7": (10, 500, 1, 1)},
}
FIRST = 0xB1  # the first byte of a file: FIRST for the first network of GRIDS, one more for the next
MOST = 63  # the largest magnitude of a weight
MOST_BIAS = 4095  # in units of the layer's bias step 2^e
EXPONENTS = range(-32, 33)  # e, stored as e + 64

ONE = 1 << 16  # probability 1, weight 1 of a mixture
UNIT = 256  # logit 1
WIDEST = 12 * UNIT  # logits lie within -12 and 12
RATE = 6  # a mixture learns by 2^-RATE of the gradient
# First weights of a mixture: how much each guess counted in networks coded before; the first is constant.
PRIORS = {3: (0.0, 0.5, 0.5), 6: (0.0, 0.0, 0.35, 0.4, 0.2, 0.3)}


@functools.cache
def _squashed() -> list[int]:
    """Probabilities, in 65,536ths, of the logits from -12 to 12; decimals are the same everywhere."""
    steps = range(-WIDEST, WIDEST + 1)
    return [min(max(int(ONE / (1 + (Decimal(-step) / UNIT).exp())), 1), ONE - 1) for step in steps]


@functools.cache
def _log(number: int) -> int:
    """The natural logarithm of a positive integer, in 256ths."""
    return int(Decimal(number).ln() * UNIT)


def _share(ones: int, total: int, prior: int, strength: int) -> int:
    """A share of ones in 65,536ths; the prior counts as much as `strength` observations."""
    return ((ones << 16) + strength * prior) // (total + strength)


def _logit(ones: int, total: int, prior: int, strength: int) -> int:
    """The logit of such a share, in 256ths."""
    share = min(max(_share(ones, total, prior, strength), 8), ONE - 8) >> 2
    return _log(share) - _log((ONE >> 2) - share)


class Mixture(Context):
    """A context whose probability is mixed from guesses: p = squash(sum over i of weight_i * logit_i)."""

    __slots__ = ("guesses", "likely", "weights")

    def __init__(self, count: int) -> None:
        super().__init__()
        self.weights = [int(ONE * prior) for prior in PRIORS.get(count, [1.2 / count] * count)]
        self.guesses: Sequence[int] = ()
        self.likely = ONE // 2  # probability of a one, in 65,536ths

    def guess(self, guesses: Sequence[int]) -> "Mixture":
        """Mixes the guesses (logits in 256ths) for the next bit."""
        mixed = sum([weight * logit for weight, logit in zip(self.weights, guesses, strict=True)]) >> 16
        self.guesses, self.likely = guesses, _squashed()[min(max(mixed, -WIDEST), WIDEST) + WIDEST]
        return self

    def split(self, width: int) -> int:
        """The part of an interval of this width that belongs to a zero."""
        return width - (width * self.likely >> 16)

    def update(self, bit: int) -> None:
        """Moves the weights against the gradient of the bit's code length, which is -error * logit."""
        error = (bit << 16) - self.likely
        self.weights = [
            weight + (error * logit >> (8 + RATE))
            for weight, logit in zip(self.weights, self.guesses, strict=True)
        ]


class Walk:
    """The order in which the integers of a network are coded, and what each is guessed from.

    Encoding, the lists of integers are read; decoding, they are filled in, for the coder returns each bit.
    """

    def __init__(self, coder: Encoder | Decoder) -> None:
        self.coder = coder
        self.contexts: defaultdict[tuple[object, ...], Context] = defaultdict(Context)
        self.mixtures: dict[tuple[object, ...], Mixture] = {}
        self.spent: defaultdict[object, float] = defaultdict(float)  # bits, for each kind of question

    def bit(
        self, kind: tuple[object, ...], known: Sequence[int], counted: Sequence[tuple[object, ...]], bit: int
    ) -> int:
        """One bit, guessed from `known` logits and from the counts of the contexts `counted`."""
        contexts = [self.contexts[kind[0], *key] for key in counted]
        guesses = [*known, *(_log(context.ones) - _log(context.zeros) for context in contexts)]
        if kind not in self.mixtures:
            self.mixtures[kind] = Mixture(len(guesses))
        mixture = self.mixtures[kind].guess(guesses)
        likely = mixture.likely
        bit = self.coder.code(mixture, bit)
        self.spent[kind[0]] -= math.log2((likely if bit else ONE - likely) / ONE)
        for context in contexts:
            context.update(bit)
        return bit

    def weights(self, layer: str, values: list[int], shape: Shape) -> None:
        """The weights of a layer, row by row."""
        units, channels, height, width = shape
        area = height * width
        columns = channels * area
        around, behind = _windows(channels, height, width), _behind(height, width)
        in_column, in_place, in_channel = [0] * columns, [0] * area, [0] * channels  # weights so far
        total, before = 0, ONE // 8
        for row in range(units):
            mean, in_row, in_filter = _share(total, row * columns, ONE // 8, 8), 0, 0
            for column in range(columns):
                channel, place = divmod(column, area)
                in_filter = in_filter if place else 0
                at = row * columns + column
                near = [values[at - offset] for offset in behind[place]]
                full, count = len(near) - near.count(0), in_column[column]
                known = [UNIT, _logit(in_row, column, before, 24), _logit(count, row, mean, 2)]
                counted: list[tuple[object, ...]] = []
                if area > 1:
                    window = sum([in_column[other] for other in around[column]])
                    known.append(_logit(window, row * len(around[column]), mean, 4))
                    counted += [(layer, "near", min(full, 3), min(count, 3))]
                    counted += [(layer, "window", min(window, 12), min(count, 2))]
                if area > 1 and channels > 1:
                    known.append(_logit(in_filter, place, mean, 3))
                    known.append(_logit(in_place[place], row * channels + channel, mean, 3))
                    known.append(_logit(in_channel[channel], row * area, mean, 4))
                if self.bit(("any", layer, min(full, 2)), known, counted, int(values[at] != 0)):
                    values[at] = self.value(layer, values[at], near, row)
                    in_row, in_filter = in_row + 1, in_filter + 1
                    in_column[column] += 1
                    in_place[place] += 1
                    in_channel[channel] += 1
            total, before = total + in_row, _share(in_row, columns, before, 8)

    def value(self, layer: str, value: int, near: Sequence[int], row: int) -> int:
        """A weight that is not zero: its sign, then whether it is larger than 1, than 2 ..."""
        votes = max(-2, min(sum([(other > 0) - (other < 0) for other in near]), 2))
        sign = self.bit(("sign", layer), [], [(layer, votes), (layer, "row", row)], int(value > 0))
        largest = min(max([abs(other) for other in near], default=0), 3)
        size = 1
        while size < MOST:
            counted = [(layer, min(size, 4), largest), (layer, min(size, 4), "sign", sign)]
            if not self.bit(("size", layer, min(size, 3)), [], counted, int(abs(value) > size)):
                break
            size += 1
        return size if sign else -size

    def numbers(self, layer: object, values: list[int]) -> None:
        """Integers, a layer's biases for instance: how many binary digits, those behind the first, sign."""
        for at, value in enumerate(values):
            length = 0
            while length < MOST_BIAS.bit_length():
                if not self.bit(("digits", layer), [], [(min(length, 6),)], int(abs(value) >> length > 0)):
                    break
                length += 1
            size = int(length > 0)
            for shift in range(length - 2, -1, -1):
                size = 2 * size + self.bit(("digit",), [], [(length, shift)], abs(value) >> shift & 1)
            negative = length and self.bit(("minus", layer), [], [()], int(value < 0))
            values[at] = -size if negative else size


def _windows(channels: int, height: int, width: int) -> list[list[int]]:
    """For each column the columns of its channel that touch it, itself included."""
    return [
        [
            channel * height * width + other_y * width + other_x
            for other_y in range(max(y - 1, 0), min(y + 2, height))
            for other_x in range(max(x - 1, 0), min(x + 2, width))
        ]
        for channel in range(channels)
        for y in range(height)
        for x in range(width)
    ]


def _behind(height: int, width: int) -> list[list[int]]:
    """For each place of an image how many places ago its neighbours were: left, and three above."""
    steps = [(1, -1, 0), (width, 0, -1), (width + 1, -1, -1), (width - 1, 1, -1)]
    return [
        [offset for offset, right, down in steps if 0 <= x + right < width and y + down >= 0]
        for y in range(height)
        for x in range(width)
    ]


def encode_integers(name: str, state: Mapping[str, Tensor], exponents: Mapping[str, int]) -> bytes:
    """Stores a network of integers: which architecture, how many units are used, then every weight and bias.

    Args:
        name: a key of GRIDS.
        state: the state dict of that network: weights are integers of at most 63, biases multiples of 2^e of
            at most 4,095 * 2^e. Units that are used come first; fewer then cost less.
        exponents: layer -> e, in [-32, 32].

    Returns:
        The file's bytes, for `decode_integers`.

    Raises:
        ValueError: name is not a key of GRIDS, or a value cannot be stored exactly.

    Source: docs/records.md.
    """
    if name not in GRIDS:
        raise ValueError(f"name must be one of {', '.join(GRIDS)}, got {name!r}")
    grids = GRIDS[name]
    weights = {layer: integers(state[f"{layer}.weight"], MOST, f"{layer}.weight") for layer in grids}
    biases = {
        layer: integers(state[f"{layer}.bias"] / 2.0 ** exponents[layer], MOST_BIAS, f"{layer}.bias")
        for layer in grids
    }
    used = _used(weights, biases, grids)
    data = bytearray([FIRST + list(GRIDS).index(name)])
    for layer in list(grids)[:-1]:
        data += used[layer].to_bytes(2, "big")[-_width(grids[layer]) :]
    data += bytes([exponents[layer] + 64 for layer in grids])
    coder = Encoder()
    walk = Walk(coder)
    for layer, shape in _cut(grids, used).items():
        rows = weights[layer].view(grids[layer])[: shape[0], : shape[1]]
        walk.numbers(layer, biases[layer][: shape[0]].tolist())
        walk.weights(layer, rows.flatten().tolist(), shape)
    data += coder.finish()
    return bytes(data) + checksum(data)


def decode_integers(data: bytes) -> tuple[str, dict[str, Tensor]]:
    """Reads a network back from the bytes of `encode_integers`; the architecture is known by its name.

    Args:
        data: the file.

    Returns:
        The name of the architecture, a key of `shrink.nets.NETS`, and its state dict, float32.

    Raises:
        ValueError: the data are damaged, cut off, or of another kind.

    Source: docs/records.md.

    >>> decode_integers(b"GIF89a")
    Traceback (most recent call last):
    ValueError: data must begin with one of b1, b2, got 47
    """
    name, state, _ = _read(data)
    return name, state


def bits_spent(data: bytes) -> dict[str, float]:
    """Says what the bits of a file went to: "any" (is there a weight?), "sign", "size", "digits" and so on.

    Args:
        data: a file of `encode_integers`.

    Returns:
        Kind of question -> bits; "header" for the bytes around the coded ones, the checksum among them.

    Raises:
        ValueError: as `decode_integers`.
    """
    return _read(data)[2]


def stored_shapes(data: bytes) -> dict[str, Shape]:
    """Layer -> (units, channels, height, width) of what a file stores; all other weights are zero.

    Raises:
        ValueError: as `decode_integers`.
    """
    name, used, _, _ = _header(data)
    return _cut(GRIDS[name], used)


def _read(data: bytes) -> tuple[str, dict[str, Tensor], dict[str, float]]:
    """Name, state and bits spent."""
    name, used, exponents, start = _header(data)
    grids = GRIDS[name]
    coder = Decoder(bytes(data[start:-2]))
    walk = Walk(coder)
    state = {key: torch.zeros_like(tensor) for key, tensor in NETS[name]().state_dict().items()}
    for layer, shape in _cut(grids, used).items():
        biases, values = [0] * shape[0], [0] * (shape[0] * shape[1] * shape[2] * shape[3])
        walk.numbers(layer, biases)
        walk.weights(layer, values, shape)
        state[f"{layer}.bias"][: shape[0]] = torch.tensor(biases) * 2.0 ** exponents[layer]
        whole = state[f"{layer}.weight"].view(grids[layer])
        whole[: shape[0], : shape[1]] = torch.tensor(values, dtype=torch.float32).view(shape)
    coder.finish()
    spent = {str(kind): bits for kind, bits in walk.spent.items()}
    return name, state, {"header": 8.0 * (start + 2), **spent}


def _header(data: bytes) -> tuple[str, dict[str, int], dict[str, int], int]:
    """Name, units of each hidden layer, exponent of each layer, where the code begins; all of it checked."""
    names = {FIRST + number: name for number, name in enumerate(GRIDS)}
    if bytes(data[:1]) not in [bytes([first]) for first in names]:
        firsts = ", ".join(f"{first:02x}" for first in names)
        raise ValueError(f"data must begin with one of {firsts}, got {bytes(data[:1]).hex() or 'nothing'}")
    name = names[data[0]]
    grids = GRIDS[name]
    widths = {layer: _width(grids[layer]) for layer in list(grids)[:-1]}
    start = 1 + sum(widths.values()) + len(grids)
    if len(data) < start + 2:
        raise ValueError(f"data are cut off: {len(data)} bytes")
    if checksum(data[:-2]) != bytes(data[-2:]):
        raise ValueError("data are damaged: the checksum does not fit")
    used, at = {}, 1
    for layer, width in widths.items():
        used[layer], at = int.from_bytes(data[at : at + width], "big"), at + width
        if used[layer] > grids[layer][0]:
            raise ValueError(f"data are damaged: {used[layer]} units of {grids[layer][0]}")
    exponents = {layer: byte - 64 for layer, byte in zip(grids, data[at:start], strict=True)}
    if not set(exponents.values()) <= set(EXPONENTS):
        raise ValueError(f"data are damaged: exponents {list(exponents.values())}")
    return name, used, exponents, start


def checksum(data: bytes | bytearray) -> bytes:
    """CRC-16 (CCITT, begun at FFFF), inverted: otherwise a zero byte behind the file would go unnoticed."""
    return (binascii.crc_hqx(data, 0xFFFF) ^ 0xFFFF).to_bytes(2, "big")


def integers(values: Tensor, most: int, name: str) -> Tensor:
    """The values as int64, if they are integers of at most `most`."""
    whole = values.round().long()
    if not torch.equal(whole.to(values.dtype), values) or bool((whole.abs() > most).any()):
        raise ValueError(f"{name} must hold integers of at most {most}, or such multiples of its step")
    return whole


def _used(
    weights: Mapping[str, Tensor], biases: Mapping[str, Tensor], grids: Mapping[str, Shape]
) -> dict[str, int]:
    """Layer -> how many units have to be stored: up to the last with a weight, coming in or going out."""
    used = {list(grids)[-1]: list(grids.values())[-1][0]}
    for layer, after in pairwise(grids):
        inward = weights[layer].flatten(1).any(dim=1) | (biases[layer] != 0)
        outward = weights[after].view(grids[after]).transpose(0, 1).flatten(1).any(dim=1)
        used[layer] = max([0, *((inward | outward).nonzero().flatten() + 1).tolist()])
    return used


def _cut(grids: Mapping[str, Shape], used: Mapping[str, int]) -> dict[str, Shape]:
    """The grids without the units that are not stored."""
    cut, before = {}, 1
    for layer, (units, _, height, width) in grids.items():
        kept = used.get(layer, units)
        cut[layer] = (kept, before, height, width)
        before = kept
    return cut


def _width(shape: Shape) -> int:
    """Bytes of a number of units."""
    return 1 if shape[0] < 256 else 2
