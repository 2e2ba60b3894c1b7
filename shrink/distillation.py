"""Distillation: a small student learns from what a trained teacher says, not from the labels alone."""

import copy
import math
from collections.abc import Callable, Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shrink.training import augment, one_cycle


def soft_targets(logits: Tensor, temperature: float) -> Tensor:
    """Softens a teacher's logits into probabilities: the higher the temperature, the more even they are.

    Formula: p_c = exp(z_c / T) / sum over k of exp(z_k / T).

    Args:
        logits: float32 (..., C), z; the last dimension runs over the classes.
        temperature: T > 0; 1 is the plain softmax.

    Returns:
        float32, the shape of `logits`; sums to 1 over the last dimension.

    Raises:
        ValueError: temperature is not above 0.

    Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", equation 1.

    >>> soft_targets(torch.tensor([0.0, 2.0]), 2.0)
    tensor([0.2689, 0.7311])
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return torch.softmax(logits / temperature, dim=-1)


def distillation_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
    *,
    temperature: float = 4.0,
    alpha: float = 0.9,
) -> Tensor:
    """Measures how far the student is from the softened teacher and from the labels.

    Formula: L = alpha * T^2 * KL(p || q) + (1 - alpha) * CE, where p = softmax(teacher / T), q =
    softmax(student / T), KL(p || q) = sum over c of p_c * log(p_c / q_c), CE is the cross-entropy of the
    student at T = 1 with the labels, and both are means over the batch.

    Args:
        student_logits: float32 (N, C).
        teacher_logits: float32 (N, C); no gradient reaches them.
        labels: int64 (N,), classes 0 to C - 1.
        temperature: T > 0. The factor T^2 keeps the size of the gradient, which falls as 1 / T^2.
        alpha: weight of the teacher's part, in [0, 1]; the labels get the rest.

    Returns:
        float32 (), in nats.

    Raises:
        ValueError: temperature is not above 0, or alpha lies outside [0, 1].

    Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", section 2.

    >>> logits = torch.tensor([[1.0, 2.0]])
    >>> distillation_loss(logits, logits, torch.tensor([1]), alpha=0.5)  # 0.5 * 0 + 0.5 * 0.3133
    tensor(0.1566)
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1], got {alpha}")
    student = torch.log_softmax(student_logits / temperature, dim=-1)  # (N, C), log q
    teacher = torch.log_softmax(teacher_logits.detach() / temperature, dim=-1)  # (N, C), log p
    divergence = (teacher.exp() * (teacher - student)).sum(dim=-1).mean()
    return alpha * temperature**2 * divergence + (1 - alpha) * F.cross_entropy(student_logits, labels)


def ensemble_targets(
    teacher_logits: Sequence[Tensor], temperature: float, weights: Sequence[float] | Tensor | None = None
) -> Tensor:
    """Joins several teachers into one target: the weighted mean of their softened distributions.

    Formula: p = sum over m of (w_m / sum of w) * softmax(z_m / T); without weights every w_m is 1.

    Args:
        teacher_logits: M tensors, float32 (..., C), of one shape.
        temperature: T > 0.
        weights: M numbers >= 0, not all 0, which need not sum to 1; None is uniform.

    Returns:
        float32, the shape of each tensor of logits; sums to 1 over the last dimension.

    Raises:
        ValueError: temperature is not above 0; there is no teacher; weights are negative, all 0, or not one
            for each teacher.

    Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", section 5.

    >>> ensemble_targets([torch.tensor([9.0, -9.0]), torch.tensor([0.0, 0.0])], 1.0, weights=[3, 1])
    tensor([0.8750, 0.1250])
    """
    if not teacher_logits:
        raise ValueError(f"teacher_logits must hold at least one teacher, got {teacher_logits}")
    numbers = [1.0] * len(teacher_logits) if weights is None else [float(weight) for weight in weights]
    if len(numbers) != len(teacher_logits) or not min(numbers) >= 0 or not 0 < sum(numbers) < math.inf:
        raise ValueError(
            f"weights must be {len(teacher_logits)} numbers of at least 0, one above 0, got {numbers}"
        )
    softened = torch.stack([soft_targets(logits, temperature) for logits in teacher_logits])  # (M, ..., C)
    share = torch.tensor([number / sum(numbers) for number in numbers], dtype=softened.dtype)  # (M,)
    mean: Tensor = torch.tensordot(share, softened, dims=1)
    return mean


def temperature_at(step: int, *, total: int, start: float, end: float) -> float:
    """Says which temperature a schedule has reached: half a cosine wave from `start` to `end`.

    Formula: T(t) = end + (start - end) * (1 + cos(pi * t / total)) / 2 for 0 <= t < total, `end` afterwards.

    Args:
        step: t, the training step; 0 is the first.
        total: number of steps until `end` is reached.
        start: temperature at step 0, > 0.
        end: temperature from step `total` on, > 0; it may be above or below `start`.

    Returns:
        The temperature at `step`, a float.

    Raises:
        ValueError: start or end is not above 0.

    Source: the cosine of Loshchilov and Hutter 2017, "SGDR", equation 5 (there for the learning rate);
    a temperature that falls during training: Jafari et al. 2021, "Annealing Knowledge Distillation".

    >>> temperature_at(50, total=100, start=8.0, end=2.0)
    5.0
    """
    for name, value in (("start", start), ("end", end)):
        if not value > 0:
            raise ValueError(f"{name} must be above 0, got {value}")
    if step >= total:
        return float(end)
    return end + (start - end) * (1 + math.cos(math.pi * max(step, 0) / total)) / 2


def attention_map(features: Tensor) -> Tensor:
    """Says where a layer looks: the mean square over the channels at each position, as a vector of length 1.

    Formula: a_i = mean over c of f_ci^2, i running over the H * W positions; result = a / ||a||_2.

    Args:
        features: float32 (N, C, H, W), the output of a layer.

    Returns:
        float32 (N, H * W), row-major, each row of L2 norm 1 (a row of zeros where all features are 0).

    Source: Zagoruyko and Komodakis 2017, "Paying More Attention to Attention", section 3.1 (there the sum
    over the channels, which the norm makes the same).

    >>> attention_map(torch.tensor([[[[1.0, 2.0]], [[1.0, 0.0]]]]))  # mean squares 1 and 2
    tensor([[0.4472, 0.8944]])
    """
    energy = features.square().mean(dim=1).flatten(1)  # (N, H * W)
    norm = torch.linalg.vector_norm(energy, dim=1, keepdim=True)  # (N, 1)
    return energy / torch.where(norm > 0, norm, 1.0)


def attention_loss(student_features: Tensor, teacher_features: Tensor) -> Tensor:
    """Measures how differently student and teacher distribute their attention over the image.

    Formula: L = mean over n of ||attention_map(student)_n - attention_map(teacher)_n||_2^2.

    Args:
        student_features: float32 (N, C, H, W).
        teacher_features: float32 (N, C', H, W); the number of channels may differ; no gradient reaches them.

    Returns:
        float32 (), between 0 and 2, since the maps are not negative.

    Raises:
        ValueError: the spatial sizes (H, W) differ.

    Source: Zagoruyko and Komodakis 2017, "Paying More Attention to Attention", equation 2 (there the
    distance, not its square).

    >>> attention_loss(torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[0.0, 3.0]]]]))
    tensor(2.)
    """
    size, wanted = tuple(student_features.shape[2:]), tuple(teacher_features.shape[2:])
    if size != wanted:
        raise ValueError(f"student_features must have the teacher's spatial size {wanted}, got {size}")
    difference = attention_map(student_features) - attention_map(teacher_features.detach())  # (N, H * W)
    return difference.square().sum(dim=1).mean()


def hint_loss(
    student_features: Tensor, teacher_features: Tensor, regressor: Callable[[Tensor], Tensor]
) -> Tensor:
    """Compares a layer of the student with one of the teacher, through a regressor that fits the shapes.

    Formula: L = mean over all entries of (r(student) - teacher)^2.

    Args:
        student_features: float32 (N, ...).
        teacher_features: float32 (N, ...), of any other shape; no gradient reaches them.
        regressor: r, for instance a 1x1 convolution; maps student features to the teacher's shape, and is
            trained together with the student.

    Returns:
        float32 ().

    Raises:
        ValueError: the regressor's output does not have the teacher's shape.

    Source: Romero et al. 2015, "FitNets: Hints for Thin Deep Nets", equation 3 (there half the sum).

    >>> hint_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]]), lambda x: x.sum(dim=1, keepdim=True) + 2)
    tensor(4.)
    """
    guess = regressor(student_features)
    if guess.shape != teacher_features.shape:
        wanted = tuple(teacher_features.shape)
        raise ValueError(f"regressor must give the teacher's shape {wanted}, got {tuple(guess.shape)}")
    return F.mse_loss(guess, teacher_features.detach())


def distill_(
    student: nn.Module,
    teacher: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    optimizer: torch.optim.Optimizer,
    temperature: float = 4.0,
    alpha: float = 0.9,
) -> list[float]:
    """Trains the student for one pass over the batches, the teacher answering each batch beside it.

    Formula: for each batch, loss = distillation_loss(student(x), teacher(x), labels), then one step.

    Args:
        student: trained in place, in train mode.
        teacher: runs in eval mode without gradients; afterwards it is as it was, the mode of each of its
            modules, weights and batch-norm statistics included, also when an error ends the pass.
        batches: (inputs, labels) pairs, taken one after the other, once.
        optimizer: holds the student's parameters.
        temperature, alpha: as in `distillation_loss`.

    Returns:
        The loss of each batch before its step, as floats.

    Raises:
        ValueError: temperature is not above 0, or alpha lies outside [0, 1].

    Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", section 2.

    >>> student, teacher = nn.Linear(2, 3), nn.Linear(2, 3)
    >>> optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    >>> len(distill_(student, teacher, [(torch.ones(4, 2), torch.arange(4) % 3)], optimizer=optimizer))
    1
    """
    modes = {module: module.training for module in teacher.modules()}
    teacher.eval()
    student.train()
    losses = []
    try:
        for inputs, labels in batches:
            with torch.no_grad():
                answers = teacher(inputs)  # (N, C)
            loss = distillation_loss(student(inputs), answers, labels, temperature=temperature, alpha=alpha)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    finally:
        for module, mode in modes.items():
            module.training = mode  # train() would reach the module's children, whose mode may be another
    return losses


def distil_in_budget(
    student: nn.Module, teacher: nn.Module, images: Tensor, labels: Tensor, *, generator: torch.Generator
) -> dict[str, Tensor]:
    """Trains a small student with a teacher that answers for the many images nobody has labelled.

    Formula: gain = test error of the same student trained on the labels alone - test error of this one.

    Args:
        student: untrained, float32 (N, 1, 28, 28) to logits (N, 10); left as it is.
        teacher: a trained net from the same images to logits (N, 10), in eval mode; left as it is.
        images: float32 (N, 1, 28, 28), normalised as `shrink.data.to_float` does.
        labels: int64 (L,), L <= N: the digits of the first L images; the others have none.
        generator: source of all randomness.

    Returns:
        The state dict of the trained student: names, shapes and dtype as in `student.state_dict()`.

    Source: Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent", section 3
    (the teacher sees the same shifted image as the student).

    >>> student, teacher = (nn.Sequential(nn.Flatten(), nn.Linear(784, 10)) for _ in range(2))
    >>> given = torch.rand(20, 1, 28, 28), torch.arange(5)
    >>> sorted(distil_in_budget(student, teacher, *given, generator=torch.Generator()))
    ['1.bias', '1.weight']
    """
    student, teacher = copy.deepcopy(student).train(), copy.deepcopy(teacher).eval()
    shifted = [augment(images, shift=1, flip=False, generator=generator) for _ in range(7)]
    inputs = torch.cat([images, *shifted])  # (8 N, 1, 28, 28)
    with torch.no_grad():
        answers = torch.cat([teacher(part) for part in inputs.split(500)])  # (8 N, 10)
    known = answers.argmax(dim=1)  # (8 N,), the teacher's guess where there is no label
    known.view(8, -1)[:, : len(labels)] = labels
    optimizer = torch.optim.Adam(student.parameters())
    orders = [torch.randperm(len(inputs), generator=generator) for _ in range(16)]
    batches = [chosen for order in orders for chosen in order.split(128)]  # 2,000 steps for 2,000 images
    for step, chosen in enumerate(batches):
        optimizer.param_groups[0]["lr"] = 3e-3 * one_cycle(step / len(batches))
        optimizer.zero_grad()
        distillation_loss(student(inputs[chosen]), answers[chosen], known[chosen]).backward()
        optimizer.step()
    return student.state_dict()
