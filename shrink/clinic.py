"""The clinic: faulty listings that circulate about compression, repaired; each function stands alone."""

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# ---- pruning -----------------------------------------------------------------------------------------------


def prune_smallest(weight: Tensor, sparsity: float) -> Tensor:
    """Sets the given fraction of a tensor to zero, the weights of smallest magnitude.

    Formula: of n weights exactly round(sparsity * n) become 0, those of smallest |w|; no other changes.

    Args:
        weight: float32, any shape; left as it is.
        sparsity: fraction of zeros, in [0, 1]; ties may be broken either way.

    Returns:
        float32, the shape of `weight`: the pruned weight.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3; Zhu and Gupta 2017, "To
    prune, or not to prune", section 3.

    >>> prune_smallest(torch.tensor([0.3, -0.2, 0.1, -0.4]), 0.5)
    tensor([ 0.3000,  0.0000,  0.0000, -0.4000])
    """
    order = weight.abs().flatten().argsort()  # (n,), positions from the smallest to the largest
    pruned = weight.flatten().clone()
    pruned[order[: round(sparsity * len(order))]] = 0.0
    return pruned.view(weight.shape)


def train_pruned_(
    layer: nn.Linear, mask: Tensor, batches: Iterable[tuple[Tensor, Tensor]], *, lr: float
) -> None:
    """Prunes a layer and trains what is left, the pruned weights exactly zero at every step.

    Formula: w <- w * mask; then for each batch one step of SGD with momentum 0.9 on the mean cross-entropy of
    the layer's outputs, and again w <- w * mask.

    Args:
        layer: changed in place; its weight (out, in) and bias stay the same Parameter objects.
        mask: bool (out, in), True = keep.
        batches: (inputs float32 (N, in), labels int64 (N,) in [0, out)), one step each.
        lr: learning rate, > 0.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3; Zhu and Gupta 2017, "To
    prune, or not to prune", section 3.

    >>> layer = nn.Linear(3, 2)
    >>> batch = torch.ones(4, 3), torch.tensor([0, 1, 1, 1])
    >>> train_pruned_(layer, torch.tensor([[True, False, True], [False, True, True]]), [batch, batch], lr=0.1)
    >>> (layer.weight == 0).tolist()
    [[False, True, False], [True, False, False]]
    """
    layer.weight.data.mul_(mask)  # in place: an optimizer keeps the Parameter it was given
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr, momentum=0.9)
    for inputs, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(layer(inputs), labels).backward()
        optimizer.step()
        layer.weight.data.mul_(mask)


def pruned_layer(layer: nn.Linear, threshold: float) -> nn.Linear:
    """Copies a layer with its small weights set to zero; the copy takes the same inputs.

    Formula: w'_ij = w_ij where |w_ij| > threshold, else 0; the bias is that of the layer.

    Args:
        layer: weight float32 (out, in), with or without bias; left as it is.
        threshold: >= 0, in the unit of the weights; a weight of exactly this magnitude is pruned.

    Returns:
        A new layer of the same sizes, which shares no memory with the old one.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3.

    >>> layer = nn.Linear(2, 2)
    >>> layer.weight.data = torch.tensor([[0.5, -0.1], [0.2, -0.75]])
    >>> pruned_layer(layer, 0.2).weight.tolist()
    [[0.5, 0.0], [0.0, -0.75]]
    """
    pruned = copy.deepcopy(layer)
    pruned.weight.data.masked_fill_(layer.weight.abs() <= threshold, 0.0)
    return pruned


# ---- quantization ------------------------------------------------------------------------------------------


def quantize_signed(weight: Tensor, *, bits: int = 8) -> tuple[Tensor, float]:
    """Quantizes weights of both signs to signed codes, symmetric about zero.

    Formula: scale = max |w| / (2^(bits-1) - 1); code = the integer nearest to w / scale.

    Args:
        weight: float32, any shape, at least one weight.
        bits: width of a code, 2 .. 8.

    Returns:
        (codes, scale): int8, the shape of `weight`, within +-(2^(bits-1) - 1); a float > 0 with w about
        scale * code. All weights zero: scale 1.0.

    Source: Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient inference", section
    2.2.

    >>> quantize_signed(torch.tensor([1.0, -2.1, 0.5, 4.0]), bits=4)[0]
    tensor([ 2, -4,  1,  7], dtype=torch.int8)
    """
    largest = weight.abs().max().item()
    scale = largest / (2 ** (bits - 1) - 1) if largest > 0 else 1.0
    return (weight / scale).round().to(torch.int8), scale


def codes_and_back(weight: Tensor, scale: float, zero_point: int) -> tuple[Tensor, Tensor]:
    """Quantizes weights to 8-bit codes with a given scale and zero point, and turns the codes back.

    Formula: code = clamp(round(w / scale) + zero_point, 0, 255); w' = scale * (code - zero_point).

    Args:
        weight: float32, any shape.
        scale: > 0, the distance of two neighbouring levels.
        zero_point: the code of 0.0, in 0 .. 255.

    Returns:
        (codes, restored): uint8 and float32, both of the shape of `weight`.

    Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", section 2.1.

    >>> codes_and_back(torch.tensor([-0.5, 0.0, 0.8]), 0.25, 2)
    (tensor([0, 2, 5], dtype=torch.uint8), tensor([-0.5000,  0.0000,  0.7500]))
    """
    codes = ((weight / scale).round() + zero_point).clamp(0, 255).to(torch.uint8)
    restored = scale * (codes.float() - zero_point)  # uint8 would wrap around below the zero point
    return codes, restored


def stretch_to_int8(weight: Tensor) -> tuple[Tensor, float, float]:
    """Stretches the range of a weight over all 256 codes of int8.

    Formula: u = (w - low) / (high - low), in [0, 1]; code = round(255 * u) - 128, low and high being the
    smallest and the largest weight. Back: w' = low + (code + 128) / 255 * (high - low).

    Args:
        weight: float32, any shape, at least one weight.

    Returns:
        (codes, low, high): int8, the shape of `weight`, and two floats. All weights equal: all codes -128.

    Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", section 3.1 (range of weights).

    >>> stretch_to_int8(torch.tensor([-1.0, 0.0, 1.0, 4.0]))
    (tensor([-128,  -77,  -26,  127], dtype=torch.int8), -1.0, 4.0)
    """
    low, high = weight.min().item(), weight.max().item()
    unit = (weight - low) / ((high - low) or 1.0)  # equal weights: 0 / 1 instead of 0 / 0
    return ((255 * unit).round() - 128).to(torch.int8), low, high


# ---- distillation ------------------------------------------------------------------------------------------


def soft_loss(student_logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """Says how far the student's distribution is from the teacher's: 0 when they agree, never less.

    Formula: mean over the batch of KL(p || q) = sum over c of p_c (log p_c - log q_c), p = softmax(teacher),
    q = softmax(student).

    Args:
        student_logits: float32 (N, C).
        teacher_logits: float32 (N, C); no gradient reaches them.

    Returns:
        A float32 scalar with a gradient for the student.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2 (there the
    cross-entropy with soft targets, which has the same gradient).

    >>> soft_loss(torch.zeros(1, 2), torch.tensor([[0.0, 1.0986]]))  # p = (1/4, 3/4), q = (1/2, 1/2)
    tensor(0.1308)
    """
    student = F.log_softmax(student_logits, dim=1)
    teacher = F.log_softmax(teacher_logits.detach(), dim=1)
    return F.kl_div(student, teacher, reduction="batchmean", log_target=True)


def tempered_loss(student_logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """The divergence of softened distributions, with gradients of the same size at every temperature.

    Formula: T^2 * mean over the batch of KL(softmax(teacher / T) || softmax(student / T)).

    Args:
        student_logits: float32 (N, C).
        teacher_logits: float32 (N, C); no gradient reaches them.
        temperature: T > 0; the larger, the flatter.

    Returns:
        A float32 scalar with a gradient for the student.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2.

    >>> tempered_loss(torch.zeros(1, 2), torch.tensor([[0.0, 2 * 1.0986]]), 2.0)  # 4 times that of soft_loss
    tensor(0.5232)
    """
    student = F.log_softmax(student_logits / temperature, dim=1)
    teacher = F.log_softmax(teacher_logits.detach() / temperature, dim=1)
    divergence = F.kl_div(student, teacher, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def mixed_loss(student_logits: Tensor, teacher_logits: Tensor, labels: Tensor, *, alpha: float) -> Tensor:
    """Mixes what the teacher says with what the labels say, both said to the student.

    Formula: alpha * KL(softmax(teacher) || softmax(student)) + (1 - alpha) * cross-entropy(student, labels),
    both means over the batch.

    Args:
        student_logits: float32 (N, C).
        teacher_logits: float32 (N, C); no gradient reaches them.
        labels: int64 (N,), in [0, C).
        alpha: the teacher's share, in [0, 1].

    Returns:
        A float32 scalar with a gradient for the student.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2, at temperature 1.

    >>> mixed_loss(torch.zeros(1, 2), torch.tensor([[0.0, 1.0986]]), torch.tensor([0]), alpha=0.5)
    tensor(0.4120)
    """
    student = F.log_softmax(student_logits, dim=1)
    teacher = F.log_softmax(teacher_logits.detach(), dim=1)
    soft = F.kl_div(student, teacher, reduction="batchmean", log_target=True)
    return alpha * soft + (1 - alpha) * F.nll_loss(student, labels)


# ---- distillation without shared shapes --------------------------------------------------------------------


def teach_step_(
    student: nn.Module,
    teacher: nn.Module,
    inputs: Tensor,
    optimizer: torch.optim.Optimizer,
    *,
    temperature: float = 4.0,
) -> float:
    """Takes one step that moves a student's outputs towards a teacher's, whatever shapes their layers have.

    Formula: loss = T^2 * mean over the batch of KL(softmax(teacher(x) / T) || softmax(student(x) / T)).

    Args:
        student: changed by one step of `optimizer`; it runs in the mode in which it comes.
        teacher: in eval mode; it gets no gradients and is left exactly as it is.
        inputs: float32 (N, ...), what both networks take.
        optimizer: holds the student's parameters; gradients of earlier steps do not count.
        temperature: T > 0.

    Returns:
        The loss before the step, a float.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2.

    >>> student, teacher = nn.Linear(2, 3), nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 3)).eval()
    >>> optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    >>> first = teach_step_(student, teacher, torch.ones(1, 2), optimizer)
    >>> teach_step_(student, teacher, torch.ones(1, 2), optimizer) < first
    True
    """
    with torch.no_grad():
        wanted = F.softmax(teacher(inputs) / temperature, dim=1)  # (N, C)
    told = F.log_softmax(student(inputs) / temperature, dim=1)
    loss = temperature**2 * F.kl_div(told, wanted, reduction="batchmean")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# ---- sparsity ----------------------------------------------------------------------------------------------


def sparse_copy(model: nn.Module, sparsity: float) -> nn.Module:
    """Copies a model and sets the given fraction of each weight matrix to zero, always the same weights.

    Formula: in each parameter of more than one dimension, n entries, exactly round(sparsity * n) become 0,
    those of smallest |w|; the others keep their values.

    Args:
        model: left as it is.
        sparsity: fraction of zeros, in [0, 1]; ties may be broken either way.

    Returns:
        A model of its own, in the mode of `model`; biases, norms and buffers as they were.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3.

    >>> layer = nn.Linear(2, 1)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.5, -2.0]]))
    >>> sparse_copy(layer, 0.5).weight.tolist()
    [[0.0, -2.0]]
    """
    sparse = copy.deepcopy(model)
    for weight in sparse.parameters():
        if weight.dim() > 1:
            order = weight.abs().flatten().argsort()  # (n,), positions from the smallest to the largest
            weight.data.view(-1)[order[: round(sparsity * len(order))]] = 0.0
    return sparse


# ---- architecture search -----------------------------------------------------------------------------------


def next_generation(
    population: Tensor, scores: Tensor, *, mutation_rate: float, generator: torch.Generator
) -> Tensor:
    """Breeds the next generation of a genetic search: the best one survives, the better half has children.

    Formula: row 0 is the candidate of the highest score. Each other row is a child of its own two parents,
    different ones among the n // 2 of highest score: the genes of one before a cut, those of the other from
    the cut on, the cut drawn evenly from 1 to g - 1. Then each gene of the child flips with probability
    `mutation_rate`, whatever the others do.

    Args:
        population: bool (n, g), a candidate each row, n >= 4 and g >= 2.
        scores: float32 (n,), higher is better; ties may be broken either way.
        mutation_rate: in [0, 1].
        generator: source of all randomness.

    Returns:
        bool (n, g).

    Source: Mitchell 1996, "An Introduction to Genetic Algorithms", chapter 1.

    >>> population = torch.tensor([[True, True], [False, True], [False, False], [True, False]])
    >>> scores, generator = torch.tensor([0.1, 0.9, 0.2, 0.8]), torch.Generator().manual_seed(0)
    >>> next_generation(population, scores, mutation_rate=0.0, generator=generator)[0]
    tensor([False,  True])
    """
    count, genes = population.shape
    ranking = scores.argsort(descending=True)  # (n,), the best first
    rows = [population[ranking[0]]]
    while len(rows) < count:
        one, other = ranking[torch.randperm(count // 2, generator=generator)[:2]]
        cut = int(torch.randint(1, genes, (), generator=generator))
        child = torch.cat([population[one, :cut], population[other, cut:]])  # (g,)
        rows.append(child ^ (torch.rand(genes, generator=generator) < mutation_rate))
    return torch.stack(rows)


def small_cnn(
    image_shape: tuple[int, int, int],
    widths: Sequence[int],
    *,
    kernel_size: int = 3,
    padding: int = 0,
    classes: int = 10,
) -> nn.Sequential:
    """Builds a small convolutional network whose last layer fits what the layers before it leave of an image.

    Formula: for each width Conv2d to `width` channels, ReLU, MaxPool2d(2); then Flatten, Linear to `classes`.
    A stage makes floor((size + 2 * padding - kernel_size + 1) / 2) of a height or width.

    Args:
        image_shape: (channels, height, width) of one image.
        widths: output channels of each stage, at least one.
        kernel_size: of all convolutions, which have stride 1.
        padding: zeros on each side.
        classes: number of outputs.

    Returns:
        A network that maps float32 (N, channels, height, width) to logits (N, classes).

    Raises:
        ValueError: nothing is left of the image.

    Source: Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning".

    >>> small_cnn((1, 28, 28), [8, 16])[-1]
    Linear(in_features=400, out_features=10, bias=True)
    """
    channels, height, width = image_shape
    layers: list[nn.Module] = []
    for outputs in widths:
        layers += [nn.Conv2d(channels, outputs, kernel_size, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]
        channels = outputs
        height = (height + 2 * padding - kernel_size + 1) // 2
        width = (width + 2 * padding - kernel_size + 1) // 2
    if min(height, width) < 1:
        raise ValueError(f"image_shape {image_shape} is too small for {len(widths)} stages")
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * width, classes))


def search_architecture(
    space: Mapping[str, Sequence[int]],
    evaluate: Callable[[dict[str, int]], float],
    *,
    trials: int,
    generator: torch.Generator,
) -> tuple[dict[str, int], float]:
    """Searches architectures at random: draws different candidates, evaluates each, returns the best.

    Formula: of all combinations of one choice a name, min(trials, how many there are) different ones are
    drawn, all equally likely, and each is evaluated once.

    Args:
        space: name -> its choices, all different.
        evaluate: takes {name: choice}, returns a score, higher is better.
        trials: at least 1.
        generator: source of all randomness.

    Returns:
        (the candidate of the highest score, its score); ties may be broken either way.

    Source: Li and Talwalkar 2019, "Random Search and Reproducibility for Neural Architecture Search".

    >>> space = {"depth": [1, 2], "width": [8, 16]}
    >>> search_architecture(space, lambda c: c["width"] - c["depth"], trials=9, generator=torch.Generator())
    ({'depth': 1, 'width': 16}, 15)
    """
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    order = torch.randperm(len(grid), generator=generator)[:trials].tolist()
    scores = {number: evaluate(grid[number]) for number in order}
    best = max(scores, key=scores.__getitem__)
    return grid[best], scores[best]


# ---- sizes and whole networks ------------------------------------------------------------------------------


def round_weights_(model: nn.Module, *, bits: int = 8) -> None:
    """Rounds each weight matrix of a model, in place, to what 2^bits evenly spaced levels can hold.

    Formula: l = min(min w, 0), h = max(max w, 0), s = (h - l) / (2^bits - 1), z = round(-l / s);
    q = clamp(round(w / s) + z, 0, 2^bits - 1); w <- s (q - z). A matrix of zeros stays as it is.

    Args:
        model: its parameters of more than one dimension are changed and stay the same objects.
        bits: 2 to 8.

    Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", section 2.1.

    >>> layer = nn.Linear(4, 1)
    >>> _ = layer.weight.data.copy_(torch.tensor([[-1.0, 0.2, 1.1, 2.0]]))
    >>> round_weights_(layer, bits=2)
    >>> layer.weight.tolist()
    [[-1.0, 0.0, 1.0, 2.0]]
    """
    top = 2**bits - 1
    for weight in model.parameters():
        low, high = min(weight.min().item(), 0.0), max(weight.max().item(), 0.0)
        if weight.dim() > 1 and high > low:
            scale = (high - low) / top
            zero_point = round(-low / scale)
            codes = (weight.data / scale).round().add(zero_point).clamp(0, top)
            weight.data.copy_(scale * (codes - zero_point))


def stored_ratio(weights: Mapping[str, Tensor]) -> float:
    """Says how many times smaller pruned weights are in a file that can be decoded; positions cost bytes.

    Formula: a tensor of n float32 weights, k of them not 0, takes 4 bytes for its size and layout, and
    min(4 n, ceil(n / 8) + 4 k, 8 k) more: all weights, or a bitmask and k values, or k positions with values.
    The ratio is the sum of 4 n over the sum of all this.

    Args:
        weights: name -> float32 tensor, any shape.

    Returns:
        The ratio, a float; below 1 where nothing is gained.

    Raises:
        ValueError: weights is empty.

    Source: Han et al. 2016, "Deep Compression", section 2 (sparse storage), where positions are differences.

    >>> stored_ratio({"weight": torch.tensor([0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])})
    3.5555555555555554
    """
    if not weights:
        raise ValueError("weights is empty: there is nothing to store")
    stored = dense = 0
    for weight in weights.values():
        size, kept = weight.numel(), int(weight.count_nonzero())
        stored += 4 + min(4 * size, math.ceil(size / 8) + 4 * kept, 8 * kept)
        dense += 4 * size
    return dense / stored


def fuse_models(models: Sequence[nn.Module]) -> nn.Module:
    """Makes one model of the size of one out of several of the same architecture: the mean of their weights.

    Formula: each floating-point parameter and buffer is the mean of those of its name; whole numbers, such as
    the counters of batch norms, are those of the first model.

    Args:
        models: at least one; left as they are.

    Returns:
        A model of its own with the architecture and mode of the first.

    Raises:
        ValueError: the models differ in names or shapes of their parameters and buffers.

    Source: Wortsman et al. 2022, "Model soups", section 2 (uniform soup), for models fine-tuned from the same
    start.

    >>> one, other = nn.Linear(1, 1), nn.Linear(1, 1)
    >>> _ = one.weight.data.fill_(1.0), other.weight.data.fill_(4.0)
    >>> fuse_models([one, other]).weight.item()
    2.5
    """
    states = [model.state_dict() for model in models]
    shapes = [{name: value.shape for name, value in state.items()} for state in states]
    if any(other != shapes[0] for other in shapes):
        raise ValueError("models must have the same architecture, but names or shapes differ")
    fused = copy.deepcopy(models[0])
    for name, value in fused.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.stack([state[name] for state in states]).mean(dim=0))
    return fused


# ---- tests that would have caught it -----------------------------------------------------------------------


def test_for_prune_smallest(candidate: Callable[[Tensor, float], Tensor]) -> None:
    """Tests an implementation of `prune_smallest`: an AssertionError says where it breaks the contract.

    Args:
        candidate: called as `candidate(weight, sparsity)`; by the contract of `prune_smallest`.

    Raises:
        AssertionError: the candidate breaks the contract.

    Source: DeMillo, Lipton and Sayward 1978, "Hints on Test Data Selection" (a test is as good as the wrong
    programs that it tells from right ones).

    >>> test_for_prune_smallest(prune_smallest)
    """
    weight = torch.tensor([[3.0, -5.0, -1.0, 2.0], [4.0, -6.0, 7.0, -8.0]])
    wanted = torch.tensor([[0.0, -5.0, 0.0, 0.0], [4.0, -6.0, 7.0, -8.0]])
    before = weight.clone()
    pruned = candidate(weight, 0.35)  # round(2.8) = 3
    assert torch.equal(pruned, wanted), f"of {before.tolist()} at sparsity 0.35 came {pruned.tolist()}"
    assert torch.equal(weight, before), "the argument was changed"
    zeros = int((candidate(torch.ones(5), 0.4) == 0).sum())
    assert zeros == 2, f"{zeros} of five equal weights are gone at sparsity 0.4"


def test_for_quantize_signed(candidate: Callable[..., tuple[Tensor, float]]) -> None:
    """Tests an implementation of `quantize_signed`: an AssertionError says where it breaks the contract.

    Args:
        candidate: called as `candidate(weight, bits=bits)`; by the contract of `quantize_signed`.

    Raises:
        AssertionError: the candidate breaks the contract.

    Source: DeMillo, Lipton and Sayward 1978, "Hints on Test Data Selection".

    >>> test_for_quantize_signed(quantize_signed)
    """
    codes, scale = candidate(torch.tensor([1.0, -2.1, 0.5, -4.0]), bits=4)
    assert codes.dtype == torch.int8 and codes.tolist() == [2, -4, 1, -7], f"not 2, -4, 1, -7 but {codes}"
    assert math.isclose(scale, 4 / 7, rel_tol=1e-5), f"scale {scale}, expected 4 / 7"
    _, scale = candidate(torch.zeros(2))
    assert scale == 1, f"zeros gave the scale {scale}"


def test_for_tempered_loss(candidate: Callable[[Tensor, Tensor, float], Tensor]) -> None:
    """Tests an implementation of `tempered_loss`: an AssertionError says where it breaks the contract.

    Args:
        candidate: called as `candidate(student_logits, teacher_logits, temperature)`; by the contract of
            `tempered_loss`.

    Raises:
        AssertionError: the candidate breaks the contract.

    Source: DeMillo, Lipton and Sayward 1978, "Hints on Test Data Selection".

    >>> test_for_tempered_loss(tempered_loss)
    """
    student = (3.0 * torch.tensor([[2.0, 1.0, 1.0]]).log()).requires_grad_()  # q = (1/2, 1/4, 1/4) at T = 3
    teacher = (3.0 * torch.tensor([[1.0, 3.0, 4.0]]).log()).requires_grad_()  # p = (1/8, 3/8, 1/2)
    loss = candidate(student, teacher, 3.0)
    wanted = 9 * (math.log(1 / 4) / 8 + math.log(3 / 2) * 3 / 8 + math.log(2) / 2)
    assert math.isclose(loss.item(), wanted, rel_tol=1e-4), f"loss {loss.item():.4f}, expected {wanted:.4f}"
    loss.backward()
    assert teacher.grad is None, "the teacher has got a gradient"


def test_for_sparse_copy(candidate: Callable[[nn.Module, float], nn.Module]) -> None:
    """Tests an implementation of `sparse_copy`: an AssertionError says where it breaks the contract.

    Args:
        candidate: called as `candidate(model, sparsity)`; by the contract of `sparse_copy`.

    Raises:
        AssertionError: the candidate breaks the contract.

    Source: DeMillo, Lipton and Sayward 1978, "Hints on Test Data Selection".

    >>> test_for_sparse_copy(sparse_copy)
    """
    values = torch.tensor([9.0, -7.0, 5.0, -8.0, 3.0, 1.0, -2.0, 6.0])
    pruned = torch.tensor([9.0, -7.0, 5.0, -8.0, 3.0, 0.0, 0.0, 6.0])
    state = {"0.weight": values.view(2, 4), "0.bias": torch.tensor([0.5, -4.0])}
    state |= {"1.weight": 10 * values.view(4, 2), "1.bias": torch.tensor([3.0, 1.0, 2.0, 4.0])}
    model = nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 4))
    model.load_state_dict(state)
    sparse = candidate(model, 0.25)
    wanted = state | {"0.weight": pruned.view(2, 4), "1.weight": 10 * pruned.view(4, 2)}
    for name, value in sparse.state_dict().items():
        assert torch.equal(value, wanted[name]), f"{name} is {value.tolist()}, not {wanted[name].tolist()}"
        assert torch.equal(model.state_dict()[name], state[name]), f"{name} of the model itself was changed"
    assert sparse.training, "the copy is in another mode"


def test_for_round_weights_(candidate: Callable[..., None]) -> None:
    """Tests an implementation of `round_weights_`: an AssertionError says where it breaks the contract.

    Args:
        candidate: called as `candidate(model, bits=bits)`; by the contract of `round_weights_`.

    Raises:
        AssertionError: the candidate breaks the contract.

    Source: DeMillo, Lipton and Sayward 1978, "Hints on Test Data Selection".

    >>> test_for_round_weights_(round_weights_)
    """
    cases = (
        ([[-1.0, 0.2, 1.1, 2.0]], [[-1.0, 0.0, 1.0, 2.0]]),  # levels -1, 0, 1, 2
        ([[11.0, 19.0, 30.0]], [[10.0, 20.0, 30.0]]),  # levels 0, 10, 20, 30
        ([[0.0, 0.0]], [[0.0, 0.0]]),
        ([0.3, 0.7, 3.0], [0.3, 0.7, 3.0]),  # a vector
    )
    model = nn.ParameterList([torch.tensor(weight) for weight, _ in cases])
    candidate(model, bits=2)
    for parameter, (weight, wanted) in zip(model, cases, strict=True):
        close = torch.allclose(parameter, torch.tensor(wanted), atol=1e-5)
        assert close, f"{weight} became {parameter.tolist()}, expected {wanted}"


def test_for_stored_ratio(candidate: Callable[[Mapping[str, Tensor]], float]) -> None:
    """Tests an implementation of `stored_ratio`: an AssertionError says where it breaks the contract.

    Args:
        candidate: called as `candidate(weights)`; by the contract of `stored_ratio`.

    Raises:
        AssertionError: the candidate breaks the contract.

    Source: DeMillo, Lipton and Sayward 1978, "Hints on Test Data Selection".

    >>> test_for_stored_ratio(stored_ratio)
    """
    weights = {"dense": torch.full((3, 3), 1e-4), "half": torch.ones(20), "sparse": torch.zeros(100)}
    weights["half"][:10] = 0.0
    weights["sparse"][7] = -1.0
    wanted = (36 + 80 + 400) / (4 + 36 + 4 + (3 + 40) + 4 + 8)
    ratio = candidate(weights)
    assert math.isclose(ratio, wanted, rel_tol=1e-6), f"ratio {ratio}, expected {wanted}"
    try:
        candidate({})
    except ValueError:
        return
    raise AssertionError("no weights at all, and no ValueError")
