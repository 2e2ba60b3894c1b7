"""Losses are differentiated, accuracies simulated, schedules and searches run step by step."""

from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from shrink import distillation, pruning


def softened_probability(temperature: int, logits: tuple[float, ...]) -> float:
    return distillation.soft_targets(torch.tensor([logits]), temperature)[0, 0].item()


def soft_gradient(temperature: int, classes: int) -> float:
    generator = torch.Generator().manual_seed(classes)
    teacher = 0.01 * torch.randn(1, classes, generator=generator, dtype=torch.float64)
    student = (0.01 * torch.randn(1, classes, generator=generator, dtype=torch.float64)).requires_grad_()

    def gradient(t: float) -> float:
        loss = F.kl_div((student / t).log_softmax(1), (teacher / t).softmax(1), reduction="batchmean")
        return torch.autograd.grad(loss, student)[0].norm().item()

    return gradient(1) / gradient(temperature)


def distillation_cost(student: int, teacher: int) -> float:
    def net(millions: int) -> nn.Linear:
        return nn.Linear(1000, millions, bias=False, device="meta")  # thousandths: the ratio is the same

    def training(with_teacher: bool) -> int:
        x = torch.empty(1, 1000, device="meta", requires_grad=True)  # as if layers came before
        small, large = net(student), net(teacher)
        with FlopCounterMode(display=False) as counter:
            if with_teacher:
                with torch.no_grad():
                    large(x)
            small(x).sum().backward()
        return int(counter.get_total_flops())

    return training(True) / training(False)


def ensemble_distilled(members: int, millions: int, student: float) -> float:
    ensemble = nn.ModuleList(nn.Linear(1000, millions, bias=False, device="meta") for _ in range(members))
    small = nn.Linear(100, int(10 * student), bias=False, device="meta")
    return sum(p.numel() for p in ensemble.parameters()) / sum(p.numel() for p in small.parameters())


def accuracy_error(percent: int, images: int) -> float:
    counts = np.random.default_rng(percent).binomial(images, percent / 100, size=100_000)
    return float((100 * counts / images).std())


def images_to_tell(percent: int, difference: float) -> float:
    generator = np.random.default_rng(percent)
    p, images = percent / 100, 4000
    pairs = generator.binomial(images, p, size=(400_000, 2)) / images
    spread = float((pairs[:, 0] - pairs[:, 1]).std())  # at 4000 images; it falls with the root
    return images * (2 * spread / (difference / 100)) ** 2


def gradual_sparsity(final: int, end: int, step_: int) -> float:
    return 100 * pruning.polynomial_sparsity(step_, start=0, end=end, final=final / 100)


def pruning_rounds(share: int, kept: int) -> float:
    left, rounds = Fraction(1), 0
    while left > Fraction(kept, 100):
        left, rounds = left - left * Fraction(share, 100), rounds + 1
    return rounds


def evolution_hours(population: int, elite: int, generations: int, minutes: int) -> float:
    total, trained = 0, set[int]()
    alive = list(range(population))
    for generation in range(generations):
        if generation:
            children = range(population * generation, population * generation + population - elite)
            alive = alive[:elite] + list(children)
        new = set(alive) - trained
        trained |= new
        total += len(new) * minutes
    return total / 60
