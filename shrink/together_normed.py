"""The recipe of `shrink.together` for networks with batch norm: the records on CIFAR-10."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from shrink import normed_file
from shrink.together import Data, Priced, batches, shrink_
from shrink.training import augment, load_checkpoint

SPREAD = 0.05  # standard deviation that weights before a norm are scaled to: one learning rate for all
FINER = 4  # how many times finer the steps of the first and of the last layer are
FIXED_LEVELS = 31  # magnitude of the largest integer of a filter that is not trained
SETTLING = 60  # batches over which the norms take their means and variances at the end
SHIFT = 3  # pixels


def smallest_normed_files(
    name: str,
    data: Data,
    sizes: Sequence[int],
    *,
    coarseness: float,
    steps: Sequence[int],
    rate: float,
    seed: int,
    largest: int = 15,
    start: Path | None = None,
    place: Path | None = None,
    **pricing: Any,
) -> list[bytes]:
    """Makes files of the wanted sizes, largest first, from the checkpoint `name`.

    Every weight pays for its bits, at a price that rises until the file is small enough.

    Args:
        name: one of `normed_file.NAMES`, whose checkpoint is where the training starts.
        data: views of the training images, what the teacher says of them, labels.
        sizes: bytes, falling; a file may end some percent below.
        coarseness: the step of a layer in standard deviations of its weights.
        steps: of 256 images, one number for each size.
        rate: the learning rate of Adam.
        seed: of the order of the images.
        largest: magnitude of an integer.
        start: the last PLACE of another run, to go on from its network instead of the checkpoint.
        place: where the state of training is kept, so that a killed run goes on there: PLACE.0, PLACE.1 ...
        pricing: `first_price`, `lead` and `looks` of `shrink_`.

    Returns:
        Files for `decode_normed`.

    Source: docs/records.md.
    """
    model = PricedNormNet(name, load_checkpoint(name), coarseness=coarseness, largest=largest)
    if start is not None:
        model.load_state_dict(torch.load(start, weights_only=True)["model"])
    files = []
    for number, (size, count) in enumerate(zip(sizes, steps, strict=True)):
        kept = place and Path(f"{place}.{number}")
        shrink_(model, data, size=size, steps=count, rate=rate, seed=seed, place=kept, **pricing)
        model.settle_(data, seed=seed)
        files.append(model.file())
    return files


def colour_views(images: Tensor, count: int, *, generator: torch.Generator) -> Tensor:
    """Shows each image `count` times, moved by up to 3 pixels and mirrored half of the times.

    Args:
        images: uint8 (N, 3, H, W).
        count: number of views, >= 1.
        generator: source of all randomness.

    Returns:
        uint8 (count, N, 3, H, W).
    """
    views = [augment(images, shift=SHIFT, flip=True, generator=generator) for _ in range(count)]
    return torch.stack([view.contiguous() for view in views])


class PricedNormNet(Priced):
    """A network with batch norm for `encode_normed`: integers, a factor and a shift for each unit.

    Weights before a norm have one step, for the norm takes the scale away; those of the first and the last
    layer are finer, for they are few and much hangs on them. Filters that are not trained are rounded once.
    """

    def __init__(self, name: str, net: nn.Module, *, coarseness: float, largest: int = 15) -> None:
        norms, modules = normed_file.layers(net), dict(net.named_modules())
        layers = {key: layer for key, layer in modules.items() if isinstance(layer, nn.Conv2d | nn.Linear)}
        trained = {key: layer for key, layer in layers.items() if layer.weight.requires_grad}
        super().__init__(
            trained, {key: normed_file.shape_of(layer.weight) for key, layer in trained.items()}, largest
        )
        self.name, self.net = name, net.to(memory_format=torch.channels_last).train()
        self.norms = {
            key: norm for key in norms if isinstance(norm := modules.get(norms[key]), nn.BatchNorm2d)
        }
        self.fixed = {key: _round_filters_(layer) for key, layer in layers.items() if key not in trained}
        for key, layer in trained.items():
            deviation = float(layer.weight.detach().std())
            if key in self.norms:
                _scale_(layer, self.norms[key], SPREAD / deviation)
                deviation = SPREAD
            outer = key in (next(iter(trained)), list(trained)[-1])
            self.step(key).fill_(coarseness * deviation / (FINER if outer else 1))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, 10) of the rounded network, computed in bfloat16."""
        values = {f"{key}.weight": self.rounded(key) for key in self.layers}
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits: Tensor = torch.func.functional_call(self.net, values, (inputs,))
        return logits.float()

    def reprice_(self) -> float:
        """Sets the price of each weight; returns the bits of the file, about 14 of them a unit."""
        return super().reprice_() + sum(14 * len(layer.weight) for layer in self.layers.values())

    @torch.no_grad()
    def settle_(self, data: Data, *, seed: int) -> None:
        """Lets the norms take means and variances anew, of the network as it is now."""
        momenta = [norm.momentum for norm in self.norms.values()]
        for norm in self.norms.values():
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean of all batches
        for inputs, _, _ in batches(data, range(SETTLING), seed=seed):
            self(inputs)
        for norm, momentum in zip(self.norms.values(), momenta, strict=True):
            norm.momentum = momentum

    @torch.no_grad()
    def file(self) -> bytes:
        """The network's file: what a norm does with a unit is a factor and a shift."""
        codes, factors, shifts = {}, {}, {}
        modules = dict(self.net.named_modules())
        for key in normed_file.layers(self.net):
            layer = modules[key]
            assert isinstance(layer, nn.Conv2d | nn.Linear)
            shifts[key] = torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias.clone()
            if key in self.fixed:
                codes[key], factors[key] = self.fixed[key]
                continue
            codes[key], step = self.codes(key).contiguous(), self.step(key)
            factors[key] = step.expand(len(layer.weight))
            if key in self.norms:
                norm = self.norms[key]
                assert norm.running_var is not None and norm.running_mean is not None
                factor = norm.weight / (norm.running_var + norm.eps).sqrt()
                shifts[key] = norm.bias + factor * (shifts[key] - norm.running_mean)
                codes[key] *= factor.sign().view(-1, *[1] * (codes[key].dim() - 1))
                factors[key] = factor.abs() * step
            factors[key] = _without_jumps(factors[key], (codes[key].flatten(1) == 0).all(dim=1))
        for key in [key for key in codes if key.endswith("shortcut")]:
            second = key.replace("shortcut", "conv2")  # what a shortcut gives is added behind the second norm
            shifts[second] = shifts[second] + shifts[key]
            shifts[key] = torch.zeros_like(shifts[key])
        return normed_file.encode_normed(self.name, codes, factors, shifts)


@torch.no_grad()
def _round_filters_(layer: nn.Conv2d | nn.Linear) -> tuple[Tensor, Tensor]:
    """Rounds the filters of a layer in place, each to a step of its own; returns integers and steps."""
    widest = layer.weight.flatten(1).abs().amax(dim=1) / FIXED_LEVELS
    powers = normed_file.factor_codes(widest).tolist()
    steps = torch.tensor([normed_file.factor_of(power) for power in powers])
    each = steps.view(-1, *[1] * (layer.weight.dim() - 1))
    codes = (layer.weight / each).round()
    layer.weight.copy_(codes * each)
    return codes.contiguous(), steps


@torch.no_grad()
def _scale_(layer: nn.Conv2d | nn.Linear, norm: nn.BatchNorm2d, by: float) -> None:
    """Multiplies a layer before its norm, which then gives the same answers as before."""
    layer.weight.mul_(by)
    if layer.bias is not None:
        layer.bias.mul_(by)
    assert norm.running_mean is not None and norm.running_var is not None
    norm.running_mean.mul_(by)
    norm.running_var.mul_(by**2)


def _without_jumps(factors: Tensor, dead: Tensor) -> Tensor:
    """The factors, but that of a unit without weights is that of the one before, which costs nothing."""
    found, last = factors.clone(), torch.tensor(1.0)
    for at in range(len(found)):
        found[at] = last = last if dead[at] or factors[at] == 0 else factors[at]
    return found
