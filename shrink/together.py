"""Everything together: a network that learns in view of the price of its own file, in bytes.

Pruning decides which weights may be zero, weight sharing which values they take, the range coder what both
cost; distillation supplies better answers to learn from. Here one training does all of it: each weight pays
for the bits that it would take in the file, at a price that rises until the file is small enough.
"""

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shrink.data import to_float
from shrink.distillation import distillation_loss
from shrink.integer_file import GRIDS, Shape, encode_integers
from shrink.nets import NETS

Data = tuple[Tensor, Tensor, Tensor]  # views (V, N, C, H, W) uint8, teacher's logits (V, N, 10), labels (N,)
BATCH = 256
BETAS = (0.9, 0.99)  # of Adam; a short memory, for the price of a weight changes
BIAS_STEP = 0.25  # about: rounded so that it is a power of two in the network of integers
NEXT_BITS = 1.5  # what an integer costs that is larger by one, if there is a weight anyway


def smallest_files(
    name: str,
    data: Data,
    sizes: Sequence[int],
    *,
    units: Sequence[int],
    coarseness: Sequence[float],
    steps: int,
    rate: float,
    seed: int,
    largest: int = 3,
    place: Path | None = None,
) -> list[bytes]:
    """Makes files of the wanted sizes, largest first: learn, then pay for bits, and again for the next size.

    A narrow network learns from the labels and a teacher, in full precision. Then it computes with integers,
    and every weight pays for its bits; the price of a bit rises until the file has the first size. The next
    size goes on from that network; price, optimizer and learning rate begin again.

    Args:
        name: a key of `integer_file.GRIDS`.
        data: views of the training images, what the teacher says of them, labels.
        sizes: bytes, falling; a file may miss its size by a percent.
        units: of the hidden layers, at first; the price removes more of them.
        coarseness: the step of each layer in standard deviations of its weights.
        steps: of 256 images, for each size; before them, a fifth of that in full precision.
        rate: the learning rate of Adam.
        seed: of the first weights and of the order of the images.
        largest: magnitude of an integer.
        place: where the state of training is kept, so that a killed run goes on there: PLACE.0, PLACE.1 ...

    Returns:
        Files for `decode_integers`.

    Source: docs/records.md.
    """
    net = narrow(name, units, generator=torch.Generator().manual_seed(seed))
    net.to(memory_format=torch.channels_last)  # a third faster with so few channels
    learn_(net, data, steps=steps // 5, rate=rate, seed=seed, place=place)
    model = PricedNet(name, net, coarseness=coarseness, largest=largest)
    files = []
    for number, size in enumerate(sizes):
        kept = place and Path(f"{place}.{number}")
        files.append(shrink_(model, data, size=size, steps=steps, rate=rate, seed=seed, place=kept))
    return files


def moved_views(images: Tensor, count: int, *, generator: torch.Generator) -> Tensor:
    """Shows each image `count` times: as it is, then turned, stretched, slanted and moved a little.

    Args:
        images: uint8 (N, 1, H, W).
        count: number of views, >= 1.
        generator: source of all randomness.

    Returns:
        uint8 (count, N, 1, H, W); the first view is `images`. Angles of up to 6 degrees, zoom and slant of up
        to 6 %, up to 1/14 of half the image (one pixel of 28) in each direction, all uniform.

    Source: Simard et al. 2003, "Best Practices for Convolutional Neural Networks Applied to Visual Document
    Analysis", section 2 (affine distortions).
    """
    found = [images]
    for _ in range(count - 1):
        parts = []
        for part in images.split(5000):
            turn, zoom, slant = (2 * torch.rand(len(part), generator=generator) - 1 for _ in range(3))
            right, down = (2 * torch.rand(len(part), 2, generator=generator) - 1).unbind(dim=1)
            turn, zoom = math.radians(6) * turn, 1 + 0.06 * zoom
            upper = torch.stack([zoom * turn.cos(), 0.06 * slant - zoom * turn.sin(), right / 14], dim=1)
            lower = torch.stack([zoom * turn.sin(), zoom * turn.cos(), down / 14], dim=1)
            grid = F.affine_grid(torch.stack([upper, lower], dim=1), list(part.shape), align_corners=False)
            moved = F.grid_sample(part.float(), grid, align_corners=False)  # black outside
            parts.append(moved.round().to(torch.uint8))
        found.append(torch.cat(parts))
    return torch.stack(found)


def narrow(name: str, units: Sequence[int], *, generator: torch.Generator) -> nn.Sequential:
    """A network like `nets.NETS[name]` with fewer units (or channels) in its hidden layers, untrained.

    Args:
        name: a key of `integer_file.GRIDS`.
        units: one number for each layer but the last.
        generator: source of the weights: normal, of variance 2 / inputs (1 / inputs in the first layer).

    Returns:
        The network; its biases are zero.

    Source: He et al. 2015, "Delving Deep into Rectifiers", section 2.2 (the variance).
    """
    layers: list[nn.Module] = []
    outputs, before = [*units, 10], 1
    for key, old in NETS[name]().named_children():
        if key not in GRIDS[name]:
            layers.append(old)
            continue
        _, _, height, width = GRIDS[name][key]
        now = outputs.pop(0)
        new: nn.Conv2d | nn.Linear
        if isinstance(old, nn.Conv2d):
            new = nn.Conv2d(before, now, (height, width))
        else:
            new = nn.Linear(before * height * width, now)
        variance = (1 if before == 1 else 2) / new.weight[0].numel()
        nn.init.normal_(new.weight, std=math.sqrt(variance), generator=generator)
        nn.init.zeros_(new.bias)  # type: ignore[arg-type]
        layers.append(new)
        before = now
    return nn.Sequential(*layers)


def bit_prices(codes: Tensor, grid: Sequence[int]) -> tuple[Tensor, float]:
    """What a weight costs in each place, if the fullness of its row and column sets its probability.

    Formula: logit p_rc = logit(density of row r) + logit(density of column c) - logit(density of all);
    price = log2((1 - p) / p) + mean bits of a value; all bits = -sum of log2 p over the weights and of
    log2(1 - p) over the zeros, plus the entropy of the values.

    Args:
        codes: the integers of a layer, float32 (units, ...).
        grid: (units, channels, height, width) of the layer. Where it is an image, the density of a column
            counts its neighbours.

    Returns:
        price: float32, the shape of `codes`, in bits.
        bits: of the whole layer, estimated.
    """
    some = (codes != 0).float().flatten(1)  # (rows, columns)
    rows, columns = some.shape
    mean = (some.sum() + 1) / (some.numel() + 2)
    in_column = some.sum(dim=0)
    if grid[2] * grid[3] > 25:
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


class Priced(nn.Module):
    """A network whose weights pay for their bits: each is a multiple of its layer's step, most are zero.

    Forward, a weight w counts as n * step with n = round(w / step), or 0 inside a dead zone that is the wider
    the dearer the weight. Backward, w gets the gradient of n * step. The steps stay: the weights grow or
    shrink instead, since an answer does not depend on the scale of a layer.

    Source: Bengio et al. 2013, "Estimating or Propagating Gradients" (as if nothing had been rounded);
    Becking et al. 2021, "ECQ^x" (the dead zone set by what a weight costs).
    """

    def __init__(
        self, layers: Mapping[str, nn.Linear | nn.Conv2d], grids: Mapping[str, Shape], largest: int
    ) -> None:
        super().__init__()
        self.layers, self.grids, self.largest = dict(layers), grids, largest
        for key, layer in self.layers.items():
            self.register_buffer(f"step_{_plain(key)}", torch.ones(()))
            self.register_buffer(f"price_{_plain(key)}", torch.ones_like(layer.weight))

    def step(self, key: str) -> Tensor:
        """The step of a layer's weights, float32, for all or for each unit."""
        return self.get_buffer(f"step_{_plain(key)}")

    def price(self, key: str) -> Tensor:
        """What each weight of a layer costs, float32, in bits."""
        return self.get_buffer(f"price_{_plain(key)}")

    def codes(self, key: str) -> Tensor:
        """The integers of a layer, float32."""
        price, scaled = self.price(key), self.scaled(key)
        dead_zone = 0.5 + 0.5 * (price / price.mean()).clamp(0.3, 2)
        return scaled.sign() * scaled.abs().round().clamp(1, self.largest) * (scaled.abs() > dead_zone)

    def scaled(self, key: str) -> Tensor:
        """The weights of a layer in steps, before they are rounded."""
        return self.layers[key].weight.detach() / self.step(key)

    def rounded(self, key: str) -> Tensor:
        """The weights of a layer as they count: rounded, with the gradient of weights that are not."""
        weight = self.layers[key].weight
        return self.codes(key) * self.step(key) + (weight - weight.detach())

    def reprice_(self) -> float:
        """Sets the price of each weight by the rounded network as it is; returns the bits of all weights."""
        bits = 0.0
        for key in self.layers:
            price, found = bit_prices(self.codes(key), self.grids[key])
            self.price(key).copy_(price)
            bits += found
        return bits

    def pay_(self, price_of_a_bit: float) -> None:
        """Adds to the gradient of each weight what the file would save if it were a step nearer to zero."""
        for key, layer in self.layers.items():
            scaled, step = self.scaled(key), self.step(key)
            bits = torch.where(scaled.abs() < 1.5, self.price(key), NEXT_BITS)
            assert layer.weight.grad is not None
            layer.weight.grad.add_(bits / step * scaled.sign(), alpha=price_of_a_bit)

    def file(self) -> bytes:
        """The network's file."""
        raise NotImplementedError


def _plain(key: str) -> str:
    """A layer's name as a buffer's may be."""
    return key.replace(".", "_")


class PricedNet(Priced):
    """A narrow LeNet of integers for `encode_integers`: its biases are integers too."""

    def __init__(
        self, name: str, net: nn.Sequential, *, coarseness: Sequence[float], largest: int = 3
    ) -> None:
        layers = [layer for layer in net if isinstance(layer, nn.Linear | nn.Conv2d)]
        super().__init__(dict(zip(GRIDS[name], layers, strict=True)), GRIDS[name], largest)
        self.name, self.net = name, net
        self.sharpness = nn.Parameter(torch.zeros(()))  # logarithm of a factor on all logits
        self.exponents, scale = {}, 1.0
        for (key, layer), coarse in zip(self.layers.items(), coarseness, strict=True):
            step = coarse * float(layer.weight.detach().std())
            scale *= step
            self.exponents[key] = round(math.log2(BIAS_STEP / scale))
            self.step(key).fill_(step)
            self.register_buffer(f"bias_step_{key}", torch.tensor(scale * 2.0 ** self.exponents[key]))

    def bias_codes(self, key: str) -> Tensor:
        """The biases of a layer in units of their step, integers in float32."""
        return (self.layers[key].bias.detach() / self.get_buffer(f"bias_step_{key}")).round()  # type: ignore

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, 10) of the rounded network."""
        values = {}
        for key, layer in self.layers.items():
            bias = self.bias_codes(key) * self.get_buffer(f"bias_step_{key}")
            values[f"{key}.weight"] = self.rounded(key)
            values[f"{key}.bias"] = bias + (layer.bias - layer.bias.detach())  # type: ignore
        logits: Tensor = torch.func.functional_call(self.net, values, (inputs,))
        return logits * self.sharpness.exp()

    def reprice_(self) -> float:
        """Sets the price of each weight; returns the bits of the file, about two of them a bias."""
        return super().reprice_() + sum(2 * len(layer.weight) for layer in self.layers.values())

    def file(self) -> bytes:
        """The network's file: units that lead nowhere left out, the fullest first."""
        weights = {key: self.codes(key).contiguous() for key in self.layers}
        biases = {key: self.bias_codes(key) for key in self.layers}
        sort_units_(weights, biases)
        state = {name: torch.zeros_like(tensor) for name, tensor in NETS[self.name]().state_dict().items()}
        for key, grid in GRIDS[self.name].items():
            part = weights[key].view(len(weights[key]), -1, *grid[2:])
            state[f"{key}.weight"].view(grid)[: part.shape[0], : part.shape[1]] = part
            state[f"{key}.bias"][: part.shape[0]] = biases[key] * 2.0 ** self.exponents[key]
        return encode_integers(self.name, state, self.exponents)


def sort_units_(weights: dict[str, Tensor], biases: dict[str, Tensor]) -> None:
    """Sorts hidden units by how many weights come in; those that nothing reaches or leaves are left out.

    Args:
        weights: layer -> its weights, (units, ...), in the order of the network; changed in place.
        biases: layer -> its biases; changed in place.
    """
    for key, after in pairwise(weights):
        count = weights[key].flatten(1).count_nonzero(dim=1)  # (units,)
        outward = weights[after].view(len(weights[after]), len(count), -1)  # (next units, units, area)
        useful = (outward != 0).any(dim=2).any(dim=0) & ((count > 0) | (biases[key] != 0))
        order = torch.where(useful, count, -1).argsort(descending=True, stable=True)[: int(useful.sum())]
        weights[key], biases[key] = weights[key][order], biases[key][order]
        shape = weights[after].shape
        rest = shape[2:] if len(shape) > 2 else (-1,)
        kept = outward[:, order]
        weights[after] = kept.view(shape[0], len(order), *rest) if len(shape) > 2 else kept.flatten(1)


def batches(data: Data, steps: range, *, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Inputs (256, C, H, W), the teacher's logits, labels; a step's draw is the same after a restart."""
    views, logits, labels = data
    dataset = "mnist" if views.shape[2] == 1 else "cifar10"
    for step in steps:
        generator = torch.Generator().manual_seed(1_000_003 * seed + step)
        image = torch.randint(len(labels), (BATCH,), generator=generator)
        view = torch.randint(len(views), (BATCH,), generator=generator)
        inputs = to_float(views[view, image], dataset).to(memory_format=torch.channels_last)
        yield inputs, logits[view, image].float(), labels[image]


def learn_(
    model: nn.Module, data: Data, *, steps: int, rate: float, seed: int, place: Path | None = None
) -> None:
    """Trains in full precision, half by the labels, half by the teacher; what `place` holds is not redone."""
    if place is not None and place.exists():
        model.load_state_dict(torch.load(place, weights_only=True)["model"])
        return
    begun = time.process_time()
    optimizer = torch.optim.Adam(model.parameters(), betas=BETAS)
    for step, (inputs, logits, labels) in enumerate(batches(data, range(steps), seed=seed)):
        optimizer.param_groups[0]["lr"] = rate * min(1, 20 * step / steps)
        optimizer.zero_grad()
        distillation_loss(model(inputs), logits, labels, temperature=1, alpha=0.5).backward()
        optimizer.step()
    _keep(place, model=model.state_dict(), cpu_seconds=time.process_time() - begun)


def shrink_(
    model: Priced,
    data: Data,
    *,
    size: int,
    steps: int,
    rate: float,
    seed: int,
    first_price: float = 1e-8,
    lead: float = 0,
    looks: int = 10,
    place: Path | None = None,
) -> bytes:
    """Trains until the file has about so many bytes: the price of a bit follows from how far it is off.

    Formula: price of a bit <- price * exp(2 * (expected bits / aim - 1)), every 25 steps, where expected bits
    = bits * (bits / bits 25 steps ago) ** lead. The aim falls to 8 * size in the first 70 % of the steps, the
    learning rate to 0 in the second half.

    Args:
        model: changed in place.
        data: views of the training images, what the teacher says of them, labels.
        size: bytes of the file.
        steps: training steps of 256 images.
        rate: the learning rate of Adam.
        seed: of the order of the images.
        first_price: of a bit, in units of the loss. Far below the last one, it takes many steps to get there.
        lead: how many times 25 steps the price looks ahead; at 0 it rises too far before it falls.
        looks: how often the file is written in the second half, to measure what the estimate of its bits
            does not know.
        place: a file that holds the state of training from time to time; if it exists, training goes on
            there.

    Returns:
        The file.

    Source: Oktay et al. 2020, "Scalable Model Compression by Entropy Penalized Reparameterization" (a loss
    and the bits that it costs, weighed against each other).
    """
    optimizer = torch.optim.Adam(model.parameters(), betas=BETAS)
    price, start, off, before, first, begun = first_price, 0.0, 1.0, 0.0, 0, time.process_time()
    if place is not None and place.exists():
        kept = torch.load(place, weights_only=True)
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        first, price, start, off, before = kept["numbers"]
        begun -= kept["cpu_seconds"]
    for step, (inputs, logits, labels) in enumerate(batches(data, range(first, steps), seed=seed), first):
        progress = step / steps
        if step % 25 == 0:
            bits = model.reprice_()
            start, before = start or bits / 8, before or bits
            if progress > 0.5 and step % max(steps // (2 * looks), 25) < 25:
                off = 8 * len(model.file()) / bits  # what the estimate does not know
            aim = size * max(start / size, 1) ** max(1 - progress / 0.7, 0) ** 2
            expected, before = bits * (bits / before) ** lead, bits
            price *= math.exp(max(-0.3, min(2 * (expected * off / 8 / aim - 1), 0.3)))
        optimizer.param_groups[0]["lr"] = rate * min(1, 50 * progress, 2 - 2 * progress)
        optimizer.zero_grad()
        distillation_loss(model(inputs), logits, labels, temperature=1, alpha=0.5).backward()
        model.pay_(price)
        optimizer.step()
        if step % 1000 == 999 or step == steps - 1:
            seconds = time.process_time() - begun
            numbers = [step + 1, price, start, off, before]
            states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            _keep(place, **states, numbers=numbers, cpu_seconds=seconds)
    return model.file()


def _keep(place: Path | None, **content: object) -> None:
    """Writes a state of training, whole or not at all."""
    if place is not None:
        torch.save(content, f"{place}.part")
        os.replace(f"{place}.part", place)
