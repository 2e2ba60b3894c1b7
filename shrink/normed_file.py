"""One file for a network of integers with batch norm (the CIFAR-10 nets of `shrink.nets`); docs/records.md.

Behind a batch norm the scale of a unit's weights changes no answer, so the weights are integers, and what is
left of the norm is a factor and a shift for each unit. A layer without a norm has them too: the factor is the
step of its weights, the shift its bias. Factors are powers of 2^(1/16), shifts multiples of 1/64. The
integers are coded as in `shrink.integer_file`: each bit has a probability mixed from what its row, its
column, its filter and its neighbours say.
"""

from collections.abc import Mapping
from decimal import Decimal

import torch
from torch import Tensor, nn

from shrink.integer_file import MOST, MOST_BIAS, Shape, Walk, checksum, integers
from shrink.nets import NETS
from shrink.range_coder import Decoder, Encoder

NAMES = ("resnet_8", "resnet_20", "student", "teacher")
FIRST = 0xB8  # the first byte of a file: FIRST for the first of NAMES, one more for the next
FACTORS = 16  # a factor of two has so many steps: a factor is off by 2.2 % at most
SHIFTS = 64  # a shift is a multiple of 1 / SHIFTS
EPS = nn.BatchNorm2d(1).eps  # what a norm adds to a variance
WIDEST = 32 * FACTORS  # factors lie within 2^-32 and 2^32


def layers(net: nn.Module) -> dict[str, str]:
    """Names of the layers with weights, in the order of the file, each with that of its batch norm, or "".

    >>> from shrink import nets
    >>> layers(nets.student())["blocks.0.0"]
    'blocks.0.2'
    """
    found: dict[str, str] = {}
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            found[name] = ""
        elif isinstance(module, nn.BatchNorm2d):
            found[list(found)[-1]] = name  # a norm comes behind the layer whose answers it takes
    return found


def shape_of(weight: Tensor) -> Shape:
    """(units, channels, height, width) of a layer's weights."""
    units, channels, height, width = weight.view(*weight.shape[:2], *(weight.shape[2:] or (1, 1))).shape
    return units, channels, height, width


def factor_codes(factors: Tensor) -> Tensor:
    """The power of 2^(1/16) next to each factor, int64; factors must be positive."""
    return (FACTORS * factors.double().log2()).round().long().clamp(-WIDEST, WIDEST)


def factor_of(code: int) -> float:
    """2^(code / 16); decimals are the same everywhere."""
    return float(Decimal(2) ** (Decimal(code) / FACTORS))


def encode_normed(
    name: str, codes: Mapping[str, Tensor], factors: Mapping[str, Tensor], shifts: Mapping[str, Tensor]
) -> bytes:
    """Stores a network of integers, a factor and a shift for each unit.

    Args:
        name: one of NAMES.
        codes: layer -> its weights, integers of at most 63, of the shape that the layer has.
        factors: layer -> float (units,), positive; rounded to powers of 2^(1/16).
        shifts: layer -> float (units,), at most 63 in magnitude; rounded to multiples of 1/64. Zero where the
            layer has neither norm nor bias.

    Returns:
        The file's bytes, for `decode_normed`.

    Raises:
        ValueError: name is not one of NAMES, or a value cannot be stored.

    Source: docs/records.md.
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}")
    coder = Encoder()
    walk = Walk(coder)
    for layer in layers(NETS[name]()):
        weights = integers(codes[layer], MOST, f"{layer}'s weights")
        if not bool((factors[layer] > 0).all()):
            raise ValueError(f"{layer}'s factors must be positive")
        moved = integers((SHIFTS * shifts[layer]).round(), MOST_BIAS, f"{layer}'s shifts, in 64ths,")
        _numbers(walk, layer, factor_codes(factors[layer]).tolist(), moved.tolist())
        walk.weights(layer, weights.flatten().tolist(), shape_of(weights))
    data = bytes([FIRST + NAMES.index(name)]) + coder.finish()
    return data + checksum(data)


def decode_normed(data: bytes) -> tuple[str, dict[str, Tensor]]:
    """Reads a network back from the bytes of `encode_normed`.

    Args:
        data: the file.

    Returns:
        The name of the architecture, a key of `shrink.nets.NETS`, and its state dict, float32: behind each
        layer with a batch norm the integers as they are, the norm with mean 0 and variance 1.

    Raises:
        ValueError: the data are damaged, cut off, or of another kind.

    Source: docs/records.md.

    >>> decode_normed(b"GIF89a")
    Traceback (most recent call last):
    ValueError: data must begin with one of b8, b9, ba, bb, got 47
    """
    name, codes, factors, shifts, _ = _read(data)
    net = NETS[name]()
    state = net.state_dict()
    for layer, norm in layers(net).items():
        weight, factor, shift = codes[layer], torch.tensor(factors[layer]), torch.tensor(shifts[layer])
        if norm:
            state[f"{norm}.weight"], state[f"{norm}.bias"] = factor, shift / SHIFTS
            state[f"{norm}.running_mean"] = torch.zeros_like(factor)
            state[f"{norm}.running_var"] = torch.full_like(factor, 1 - EPS)
            shift = torch.zeros_like(factor)
        else:
            weight = weight * factor.view(-1, *[1] * (weight.dim() - 1))
        state[f"{layer}.weight"] = weight
        if f"{layer}.bias" in state:
            state[f"{layer}.bias"] = shift / SHIFTS
        elif bool(shift.any()):
            raise ValueError(f"data are damaged: {layer} has no bias")
    return name, state


def codes_of(data: bytes) -> dict[str, Tensor]:
    """Layer -> the integers that a file stores for it, float32.

    Raises:
        ValueError: as `decode_normed`.
    """
    return _read(data)[1]


def bits_spent(data: bytes) -> dict[str, float]:
    """Says what the bits of a file went to, by kind of question; "header" for the bytes around the code.

    Raises:
        ValueError: as `decode_normed`.
    """
    return _read(data)[4]


def _numbers(walk: Walk, layer: str, factors: list[int], shifts: list[int]) -> None:
    """The factors of a layer, each as the difference from the one before, and its shifts; filled in."""
    differences = [now - before for now, before in zip(factors, [0, *factors], strict=False)]
    walk.numbers(("factors", layer), differences)
    for at, difference in enumerate(differences):
        factors[at] = difference + (factors[at - 1] if at else 0)
    walk.numbers(("shifts", layer), shifts)


def _read(
    data: bytes,
) -> tuple[str, dict[str, Tensor], dict[str, list[float]], dict[str, list[int]], dict[str, float]]:
    """Name, integers, factors, shifts in 64ths, bits spent."""
    firsts = {bytes([FIRST + number]): name for number, name in enumerate(NAMES)}
    if bytes(data[:1]) not in firsts:
        wanted = ", ".join(first.hex() for first in firsts)
        raise ValueError(f"data must begin with one of {wanted}, got {bytes(data[:1]).hex() or 'nothing'}")
    if len(data) < 3 or checksum(data[:-2]) != bytes(data[-2:]):
        raise ValueError("data are damaged or cut off: the checksum differs")
    name = firsts[bytes(data[:1])]
    coder = Decoder(bytes(data[1:-2]))
    walk = Walk(coder)
    net = NETS[name]()
    codes, factors, shifts = {}, {}, {}
    for layer in layers(net):
        weight = net.get_submodule(layer).weight
        powers, moved, values = [0] * len(weight), [0] * len(weight), [0] * weight.numel()  # type: ignore
        _numbers(walk, layer, powers, moved)
        if max(map(abs, powers)) > WIDEST:
            raise ValueError(f"data are damaged: a factor of {layer} is out of range")
        walk.weights(layer, values, shape_of(weight))  # type: ignore[arg-type]
        codes[layer] = torch.tensor(values, dtype=torch.float32).view(weight.shape)  # type: ignore
        factors[layer], shifts[layer] = [factor_of(power) for power in powers], moved
    coder.finish()
    spent = {str(kind): bits for kind, bits in walk.spent.items()}
    return name, codes, factors, shifts, {"header": 24.0, **spent}
