"""Measuring: what a network costs (parameters, bytes, multiply-accumulates, time) and how well it works."""

import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def count_parameters(model: nn.Module, *, nonzero: bool = False) -> int:
    """Counts the numbers in the model's parameters; a tensor that two modules share counts once.

    Formula: sum over parameter tensors p of n(p), or of |{i : p_i != 0}| if `nonzero`.

    Args:
        model: any module; its parameters may have any shape.
        nonzero: count only the values that are not exactly 0.

    Returns:
        The count, an int.

    Source: Han et al. 2015, "Learning both Weights and Connections", table 1.

    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    if nonzero:
        return sum(int(torch.count_nonzero(p)) for p in model.parameters())
    return sum(p.numel() for p in model.parameters())  # parameters() yields a shared tensor once


def dense_bytes(model: nn.Module) -> int:
    """Counts the bytes that the model's parameters and buffers take in memory; shared storage counts once.

    Formula: sum over tensors t of n(t) * (bytes of one value of t), each byte of memory counted once.

    Args:
        model: any module; float32 takes 4 bytes a value, float16 2, int64 8, int8 and bool 1.

    Returns:
        The number of bytes, an int; zeros cost as much as any other value.

    Source: Han et al. 2016, "Deep Compression", table 1 (the "original" size of a network).

    >>> dense_bytes(nn.Linear(3, 2))
    32
    """
    tensors = [*model.parameters(), *model.buffers()]
    spans = sorted((t.data_ptr(), t.data_ptr() + t.numel() * t.element_size()) for t in tensors)
    total = end = 0
    for start, stop in spans:  # the union of address ranges: views and tied weights overlap
        total += max(0, stop - max(start, end))
        end = max(end, stop)
    return total


def count_macs(model: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Counts the multiply-accumulates of one forward pass of a batch of one, in every Conv2d and Linear.

    Formula: a Linear takes n(output) * in_features, a Conv2d n(output) * (in_channels / groups) * kh * kw;
    biases and every other layer count 0; a module that is called twice counts twice.

    Args:
        model: its forward pass takes one float32 tensor; Linear may see more than two dimensions.
        input_shape: the shape of one input without the batch, such as (3, 32, 32).

    Returns:
        The count, an int. The model is left as it was, also when its forward pass raises: no hook stays
        behind, train or eval mode and batch-norm statistics are as before.

    Source: Sze et al. 2017, "Efficient Processing of Deep Neural Networks", section III (MACs of a layer).

    >>> count_macs(nn.Linear(3, 2), (3,))
    6
    """
    total = 0

    def count(layer: nn.Linear | nn.Conv2d, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        weight = layer.weight  # (out, in) or (out, in / groups, kh, kw)
        total += output.numel() * (weight.numel() // weight.shape[0])

    modes = {module: module.training for module in model.modules()}
    hooks = [m.register_forward_hook(count) for m in modes if isinstance(m, (nn.Conv2d, nn.Linear))]
    try:
        model.eval()  # batch norm would otherwise learn from the probe
        with torch.no_grad():
            model(torch.zeros(1, *input_shape))
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes.items():
            module.training = mode
    return total


def confusion_matrix(predictions: Tensor, targets: Tensor, num_classes: int) -> Tensor:
    """Counts how often each class was predicted as each class: rows are targets, columns are predictions.

    Formula: confusion[t, p] = |{i : targets_i = t and predictions_i = p}|.

    Args:
        predictions: int64 (N,), labels in [0, num_classes).
        targets: int64 (N,), labels in [0, num_classes).
        num_classes: C.

    Returns:
        int64 (C, C); its sum is N.

    Raises:
        ValueError: a label lies outside [0, num_classes), or the two lengths differ.

    Source: Sokolova and Lapalme 2009, "A systematic analysis of performance measures", section 2.

    >>> confusion_matrix(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]), 2)
    tensor([[1, 1],
            [0, 1]])
    """
    if predictions.shape != targets.shape:
        raise ValueError(f"predictions and targets must pair up, got {len(predictions)} and {len(targets)}")
    for name, labels in (("predictions", predictions), ("targets", targets)):
        outside = labels[(labels < 0) | (labels >= num_classes)]
        if len(outside) > 0:
            raise ValueError(f"{name} must lie in [0, {num_classes}), got {outside[0]}")
    cells = targets * num_classes + predictions  # (N,), the position in the flattened matrix
    return torch.bincount(cells, minlength=num_classes**2).view(num_classes, num_classes)


def precision_recall_f1(confusion: Tensor) -> Tensor:
    """Computes precision, recall and F1 of each class from a confusion matrix whose rows are targets.

    Formula: precision = TP / (TP + FP), recall = TP / (TP + FN), F1 = 2 TP / (2 TP + FP + FN), and 0 where
    the denominator is 0. TP stands on the diagonal, FP in the rest of the column, FN in the rest of the row.

    Args:
        confusion: int64 (C, C), counts.

    Returns:
        float32 (C, 3), the columns precision, recall, F1; all values in [0, 1].

    Source: van Rijsbergen 1979, "Information Retrieval", chapter 7; Sokolova and Lapalme 2009, table 3.

    >>> precision_recall_f1(torch.tensor([[1, 1], [0, 2]]))
    tensor([[1.0000, 0.5000, 0.6667],
            [0.6667, 1.0000, 0.8000]])
    """
    hits = confusion.diagonal()  # (C,)
    predicted, actual = confusion.sum(dim=0), confusion.sum(dim=1)  # TP + FP and TP + FN, (C,)
    numerators = torch.stack([hits, hits, 2 * hits], dim=1)  # (C, 3)
    denominators = torch.stack([predicted, actual, predicted + actual], dim=1)
    # Where a denominator is 0 its numerator is 0 too: dividing by 1 gives the 0 we want.
    return (numerators.double() / denominators.clamp(min=1)).float()


def median_latency(
    run: Callable[[], object],
    *,
    warmup: int = 3,
    repeats: int = 11,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Measures how long one call of `run` takes: the median of `repeats` calls after `warmup` untimed ones.

    Formula: median of (clock after call i) - (clock before call i), i = 1 .. repeats; for an even number of
    repeats the mean of the two middle values.

    Args:
        run: called without arguments, `warmup + repeats` times in all.
        warmup: calls before the measurement, >= 0; they fill caches and are not timed.
        repeats: timed calls, >= 1.
        clock: returns the time in seconds; another one can be given in a test.

    Returns:
        Seconds, a float.

    Raises:
        ValueError: warmup is negative or repeats is not positive.

    Source: Hoefler and Belli 2015, "Scientific Benchmarking of Parallel Computing Systems", section 3.

    >>> ticks = iter([0.0, 2.0, 5.0, 6.0, 9.0, 19.0])
    >>> median_latency(lambda: None, warmup=1, repeats=3, clock=lambda: next(ticks))
    2.0
    """
    if warmup < 0:
        raise ValueError(f"warmup must be at least 0, got {warmup}")
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    for _ in range(warmup):
        run()
    seconds = []
    for _ in range(repeats):
        start = clock()
        run()
        seconds.append(clock() - start)
    return float(statistics.median(seconds))


def compression_ratio(original_bytes: float, compressed_bytes: float) -> float:
    """Says how many times smaller the compressed network is.

    Formula: ratio = original_bytes / compressed_bytes.

    Args:
        original_bytes: size before, > 0.
        compressed_bytes: size after, > 0, with everything that is needed to restore the network.

    Returns:
        The ratio, a float; above 1 means smaller.

    Raises:
        ValueError: one of the two is not positive.

    Source: Han et al. 2016, "Deep Compression", table 1 (compress rate).

    >>> compression_ratio(1000, 250)
    4.0
    """
    for name, value in (("original_bytes", original_bytes), ("compressed_bytes", compressed_bytes)):
        if not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")
    return original_bytes / compressed_bytes


def train_in_budget(
    images: Tensor, labels: Tensor, *, max_bytes: int, generator: torch.Generator
) -> list[tuple[Tensor, Tensor]]:
    """Trains a ReLU net of linear layers on MNIST whose weights and biases fit into a byte budget.

    Formula: x <- relu(x W^T + b) for each layer, the last without ReLU; the largest of ten outputs decides.

    Args:
        images: float32 (N, 784), pixels in [0, 1].
        labels: int64 (N,), digits 0 to 9.
        max_bytes: what all weights and biases may take together, at 4 bytes each.
        generator: source of all randomness.

    Returns:
        The layers in order, each a pair of weight (out, in) and bias (out,), float32; 784 inputs, 10 outputs.

    Raises:
        ValueError: max_bytes is too small for any net of this form.

    Source: LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", section III (nets of
    this form and their errors); one-cycle learning rates: Smith 2018.

    >>> images, labels = torch.rand(20, 784), torch.arange(20) % 10
    >>> layers = train_in_budget(images, labels, max_bytes=8000, generator=torch.Generator().manual_seed(0))
    >>> sum(4 * tensor.numel() for layer in layers for tensor in layer) <= 8000
    True
    """
    hidden = (max_bytes // 4 - 340) // 815  # (784 + 1) h + (h + 1) 30 + (30 + 1) 10 = 815 h + 340 numbers
    if hidden < 1:
        raise ValueError(f"max_bytes must be at least {4 * (815 + 340)}, got {max_bytes}")
    layers = [nn.Linear(784, hidden), nn.Linear(hidden, 30), nn.Linear(30, 10)]
    for layer in layers:
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(layer.bias)
    model = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    epochs, batch = 16, 256
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.015, epochs=epochs, steps_per_epoch=-(-len(images) // batch)
    )
    for _ in range(epochs):
        for chosen in torch.randperm(len(images), generator=generator).split(batch):
            move = torch.randint(-1, 2, (2,), generator=generator).tolist()  # digits may stand a pixel aside
            inputs = images[chosen].view(-1, 28, 28).roll(move, dims=(1, 2)).view(-1, 784)
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), labels[chosen]).backward()
            optimizer.step()
            schedule.step()
    return [(layer.weight.detach(), layer.bias.detach()) for layer in layers]
