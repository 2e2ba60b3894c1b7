"""Everything together: a network that learns in view of the price of its own file, in bytes.

Pruning decides which weights may be zero, weight sharing which values they take, the range coder what both
cost; distillation supplies better answers to learn from. Here one training does all of it: each weight pays for
the bits that it would take in the file, at a price that rises until the file is small enough.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shrink.data import to_float
from shrink.distillation import distillation_loss
from shrink.integer_file import GRIDS, encode_integers
from shrink.nets import NETS

LARGEST = 3  # magnitude of an integer
BATCH = 256
BETAS = (0.9, 0.99)
BIAS_STEP = 0.25  # about: rounded so that it is a power of two in the network of integers


def moved_views(images: Tensor, count: int, *, generator: torch.Generator) -> Tensor:
    """Shows each image `count` times: as it is, then turned, stretched, slanted and moved a little.

    Args:
        images: uint8 (N, 1, H, W).
        count: number of views, >= 1.
        generator: source of all randomness.

    Returns:
        uint8 (count, N, 1, H, W); the first view is `images`. Angles of up to 6 degrees, zoom and slant of up to
        6 %, up to one pixel (1/14 of half the image) in each direction, all uniform.

    Source: Simard et al. 2003, "Best Practices for Convolutional Neural Networks Applied to Visual Document
    Analysis", section 2 (affine distortions).
    """
    found = [images]
    for _ in range(count - 1):
        parts = []
        for part in images.split(5000):
            turn, zoom, slant, right, down = (2 * torch.rand(5, len(part), generator=generator) - 1).unbind()
            turn, zoom = math.radians(6) * turn, 1 + 0.06 * zoom
            upper = torch.stack([zoom * turn.cos(), 0.06 * slant - zoom * turn.sin(), right / 14], dim=1)
            lower = torch.stack([zoom * turn.sin(), zoom * turn.cos(), down / 14], dim=1)
            grid = F.affine_grid(torch.stack([upper, lower], dim=1), list(part.shape), align_corners=False)
            moved = F.grid_sample(part.float(), grid, align_corners=False)  # zeros, black, outside
            parts.append(moved.round().to(torch.uint8))
        found.append(torch.cat(parts))
    return torch.stack(found)


def narrow(name: str, units: Sequence[int], *, generator: torch.Generator) -> nn.Sequential:
    """A network like `nets.NETS[name]` with fewer units (or channels) in its hidden layers, untrained.

    Args:
        name: a key of `GRIDS`.
        units: one number for each layer but the last.
        generator: source of the weights, normal with variance 2 / inputs (He et al. 2015), 1 / inputs in the
            first layer; biases are zero.
    """
    whole = NETS[name]()
    assert isinstance(whole, nn.Sequential)
    layers, outputs, before = [], [*units, 10], 1
    for layer, old in whole.named_children():
        if layer not in GRIDS[name]:
            layers.append(old)
            continue
        _, _, height, width = GRIDS[name][layer]
        now = outputs.pop(0)
        new = (
            nn.Conv2d(before, now, (height, width))
            if isinstance(old, nn.Conv2d)
            else nn.Linear(before * height * width, now)
        )
        gain = 1 if before == 1 else 2
        nn.init.normal_(new.weight, std=math.sqrt(gain / new.weight[0].numel()), generator=generator)
        nn.init.zeros_(new.bias)  # type: ignore[arg-type]
        layers.append(new)
        before = now
    return nn.Sequential(*layers)


def bit_prices(codes: Tensor, grid: Sequence[int]) -> tuple[Tensor, float]:
    """What a weight costs in each place, and all weights together, if rows and columns set the probabilities.

    Formula: logit p_rc = logit(density of row r) + logit(density of column c) - logit(density of all);
    price = log2((1 - p) / p) + mean bits of a value; total = -sum of log2 p over the weights, log2 (1 - p) over
    the zeros, plus the entropy of the values.

    Args:
        codes: the integers of a layer, float32 (units, ...).
        grid: (units, channels, height, width) of the layer; the density of a column of an image counts its
            neighbours.

    Returns:
        float32, the shape of `codes`, in bits; and the estimated bits of the layer.
    """
    some = (codes != 0).float().flatten(1)  # (units, columns)
    rows, columns = some.shape
    mean = (some.sum() + 1) / (some.numel() + 2)
    in_column = some.sum(dim=0)
    if grid[2] * grid[3] > 25:  # an image
        kernel = torch.tensor([[0.5, 1, 0.5], [1, 2, 1], [0.5, 1, 0.5]]).view(1, 1, 3, 3) / 8
        in_column = F.conv2d(in_column.view(-1, 1, grid[2], grid[3]), kernel, padding=1).flatten()
    of_row = ((some.sum(dim=1, keepdim=True) + 4 * mean) / (columns + 4)).logit(1e-4)
    of_column = ((in_column + 2 * mean) / (rows + 2)).logit(1e-4)
    likely = (of_row + of_column - mean.logit()).sigmoid().clamp(1e-4, 0.99)
    here, none = -likely.log2(), -(1 - likely).log2()
    counts = codes[codes != 0].unique(return_counts=True)[1].float()
    values = float((counts * (counts.sum() / counts).log2()).sum())
    price = here - none + values / max(int(some.sum()), 1)
    return price.view(codes.shape), float(torch.where(some > 0, here, none).sum()) + values


class PricedNet(nn.Module):
    """A network that answers with integers: every weight is a multiple of its layer's step, most are zero.

    Forward, a weight w counts as n * step, n = round(w / step) outside a dead zone, 0 within; the dead zone is
    as much wider than half a step as the weight is dear. Backward, w gets the gradient of n * step. Steps stay
    as they are: the weights grow or shrink instead, for the answer does not depend on the scale of a layer.

    Source: Bengio et al. 2013 (gradients as if nothing had been rounded); Becking et al. 2021, "ECQ^x" (the
    dead zone set by the price).
    """

    def __init__(self, name: str, net: nn.Sequential, *, coarseness: Sequence[float]) -> None:
        super().__init__()
        self.name, self.net = name, net
        self.sharpness = nn.Parameter(torch.zeros(()))  # logarithm of a factor on all logits
        layers = [layer for layer in net if isinstance(layer, nn.Linear | nn.Conv2d)]
        self.layers = dict(zip(GRIDS[name], layers, strict=True))
        self.exponents, scale = {}, 1.0
        for (key, layer), coarse in zip(self.layers.items(), coarseness, strict=True):
            step = coarse * float(layer.weight.detach().std())
            scale *= step
            self.exponents[key] = round(math.log2(BIAS_STEP / scale))
            self.register_buffer(f"step_{key}", torch.tensor(step))
            self.register_buffer(f"bias_step_{key}", torch.tensor(scale * 2.0 ** self.exponents[key]))
            self.register_buffer(f"price_{key}", torch.ones_like(layer.weight))

    def codes(self, key: str) -> Tensor:
        """The integers of a layer, float32."""
        price, scaled = self.get_buffer(f"price_{key}"), self.layers[key].weight.detach() / self.step(key)
        dead_zone = 0.5 + 0.5 * (price / price.mean()).clamp(0.3, 2)
        return scaled.sign() * scaled.abs().round().clamp(1, LARGEST) * (scaled.abs() > dead_zone)

    def bias_codes(self, key: str) -> Tensor:
        """The biases of a layer in units of their step, float32."""
        return (self.layers[key].bias.detach() / self.get_buffer(f"bias_step_{key}")).round()

    def step(self, key: str) -> Tensor:
        """What the integer 1 stands for in a layer."""
        return self.get_buffer(f"step_{key}")

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, 10) of the rounded network."""
        values = {}
        for key, layer in self.layers.items():
            weight = self.codes(key) * self.step(key)
            bias = self.bias_codes(key) * self.get_buffer(f"bias_step_{key}")
            values[f"{key}.weight"] = weight + (layer.weight - layer.weight.detach())
            values[f"{key}.bias"] = bias + (layer.bias - layer.bias.detach())
        logits: Tensor = torch.func.functional_call(self.net, values, (inputs,))
        return logits * self.sharpness.exp()

    def reprice_(self) -> float:
        """Looks at the rounded weights and sets the price of each; returns the bits of all."""
        bits = 0.0
        for key in self.layers:
            codes = self.codes(key)
            price, found = bit_prices(codes, GRIDS[self.name][key])
            self.get_buffer(f"price_{key}").copy_(price)
            bits += found + 2 * len(codes)  # about 2 bits a bias
        return bits

    def pay_(self, price_of_a_bit: float) -> None:
        """Adds to the gradient of each weight what the file would save if it were smaller by a step."""
        for key, layer in self.layers.items():
            assert layer.weight.grad is not None
            slope = self.get_buffer(f"price_{key}") / self.step(key) * layer.weight.detach().sign()
            layer.weight.grad.add_(slope, alpha=price_of_a_bit)

    def file(self) -> bytes:
        """The network's file: units that lead nowhere left out, the fullest first."""
        weights, biases = {}, {}
        for key in self.layers:
            weights[key], biases[key] = self.codes(key), self.bias_codes(key)
        sort_units_(weights, biases, GRIDS[self.name])
        state = {name: torch.zeros_like(tensor) for name, tensor in NETS[self.name]().state_dict().items()}
        for key, grid in GRIDS[self.name].items():
            units, inputs = weights[key].shape[0], weights[key][0].numel() // (grid[2] * grid[3])
            state[f"{key}.weight"].view(grid)[:units, :inputs] = weights[key].view(units, inputs, *grid[2:])
            state[f"{key}.bias"][:units] = biases[key] * 2.0 ** self.exponents[key]
        return encode_integers(self.name, state, self.exponents)


def sort_units_(weights: dict[str, Tensor], biases: dict[str, Tensor], grids: Mapping[str, Sequence[int]]) -> None:
    """Sorts the hidden units by how many weights they have, those without any, in or out, left out."""
    for key, after in pairwise(grids):
        outward = weights[after].view(len(weights[after]), len(weights[key]), -1)  # (units, channels, area)
        count = weights[key].flatten(1).count_nonzero(dim=1)  # (units,)
        useful = (outward != 0).any(dim=2).any(dim=0) & ((count > 0) | (biases[key] != 0))
        order = torch.where(useful, count, -1).argsort(descending=True, stable=True)[: int(useful.sum())]
        shape = weights[after].shape
        weights[key], biases[key] = weights[key][order], biases[key][order]
        kept = outward[:, order]
        weights[after] = kept.reshape(shape[0], -1, *shape[2:]) if len(shape) > 2 else kept.flatten(1)


Data = tuple[Tensor, Tensor, Tensor]  # views (V, N, 1, 28, 28) uint8, the teacher's logits (V, N, 10), labels (N,)


def batches(data: Data, steps: range, total: int, *, seed: int) -> Iterator[tuple[float, Tensor, Tensor, Tensor]]:
    """How far training has come, inputs (256, 1, 28, 28), the teacher's logits, labels; each step its own draw."""
    views, logits, labels = data
    for step in steps:
        generator = torch.Generator().manual_seed(1_000_003 * seed + step)
        image = torch.randint(len(labels), (BATCH,), generator=generator)
        view = torch.randint(len(views), (BATCH,), generator=generator)
        yield step / total, to_float(views[view, image], "mnist"), logits[view, image].float(), labels[image]


def learn_(model: nn.Module, data: Data, *, steps: int, rate: float, seed: int) -> None:
    """Trains the network in full precision: half the labels, half the teacher."""
    optimizer = torch.optim.Adam(model.parameters(), betas=BETAS)
    for progress, inputs, logits, labels in batches(data, range(steps), steps, seed=seed):
        optimizer.param_groups[0]["lr"] = rate * min(1, 20 * progress)
        optimizer.zero_grad()
        distillation_loss(model(inputs), logits, labels, temperature=1, alpha=0.5).backward()
        optimizer.step()


def shrink_(
    model: PricedNet, data: Data, *, size: int, steps: int, rate: float, seed: int, place: Path | None = None, log=None
) -> bytes:
    """Trains until the file has at most so many bytes: the price of a bit follows from how far it is off.

    Formula: price of a bit <- price * exp(2 * (bits / aim - 1)), every 25 steps; the aim falls to 8 * size.

    Args:
        model: changed in place.
        data: views, the teacher's logits, labels.
        size: bytes of the file.
        steps: training steps of 256 images; the learning rate falls in the second half.
        rate: the learning rate of Adam.
        seed: of the order of the images.
        place: a file that holds the state of training from time to time; if it exists, training goes on there.

    Returns:
        The file.

    Source: docs/records.md; Oktay et al. 2020, "Scalable Model Compression by Entropy Penalized
    Reparameterization" (a loss and the bits that it costs, weighed against each other).
    """
    optimizer = torch.optim.Adam(model.parameters(), betas=BETAS)
    price, start, off, first = 1e-8, 0.0, 1.0, 0
    if place is not None and place.exists():
        kept = torch.load(place, weights_only=True)
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        first, price, start, off = kept["numbers"]
    for step, (progress, inputs, logits, labels) in enumerate(batches(data, range(first, steps), steps, seed=seed), first):
        if step % 25 == 0:
            bits = model.reprice_()
            start = start or bits
            if progress > 0.5 and step % (steps // 20) < 25:
                off = 8 * len(model.file()) / bits  # what the estimate leaves out
            aim = 8 * size * (max(start * off / (8 * size), 1)) ** max(1 - progress / 0.7, 0) ** 2
            price *= math.exp(max(-0.3, min(2 * (bits * off / aim - 1), 0.3)))
            if log: log(step, bits * off / 8, price)
        optimizer.param_groups[0]["lr"] = rate * min(1, 50 * progress, 2 - 2 * progress)
        optimizer.zero_grad()
        distillation_loss(model(inputs), logits, labels, temperature=1, alpha=0.5).backward()
        model.pay_(price)
        optimizer.step()
        if place is not None and step % 2000 == 1999:
            numbers = [step + 1, price, start, off]
            kept = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "numbers": numbers}
            torch.save(kept, f"{place}.part")
            os.replace(f"{place}.part", place)
    return model.file()
