"""Training on tensors in memory: augmentation, one-cycle schedule, label smoothing; accuracy; checkpoints."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from tqdm.auto import tqdm

from shrink.data import DATA_FOLDER, DataError, Split, to_float
from shrink.nets import NETS

CHECKPOINTS = DATA_FOLDER / "checkpoints"


def train_(
    model: nn.Module,
    split: Split,
    *,
    dataset: str,
    epochs: int,
    learning_rate: float,
    batch_size: int = 512,
    momentum: float = 0.9,
    weight_decay: float = 5e-4,
    label_smoothing: float = 0.0,
    shift: int = 0,
    flip: bool = False,
    bf16: bool = False,
    seed: int = 0,
    after_step: Callable[[], None] | None = None,
    resume: Path | None = None,
    progress: bool = True,
) -> list[float]:
    """Trains in place with Nesterov SGD and a one-cycle schedule (Smith 2018); the model ends in eval mode.

    Args:
        model: maps float32 (N, C, H, W) to logits (N, 10).
        split: uint8 images and labels; `dataset` ("mnist" or "cifar10") says how they are normalised.
        learning_rate: the peak, reached after a fifth of the steps; it falls to zero linearly.
        shift: each image is moved by up to so many pixels in both directions, anew in each epoch.
        flip: half of the images are mirrored, anew in each epoch.
        bf16: forward pass in bfloat16 and channels-last order; pays for convolutions.
        after_step: called behind each optimiser step, for instance to keep pruned weights at zero.
        resume: a file that holds the state after each epoch; if it exists, training goes on from there.

    Returns:
        The mean training loss of each epoch run here.
    """
    layout = torch.channels_last if bf16 else torch.contiguous_format
    model.to(memory_format=layout).train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(
        trained, lr=learning_rate, momentum=momentum, weight_decay=weight_decay, nesterov=True
    )
    batches = -(-len(split.labels) // batch_size)
    first, cpu_seconds = _restore_(resume, model, optimizer)
    started = time.process_time() - cpu_seconds
    losses = []
    bar = tqdm(range(first, epochs), desc="training", unit="epoch", disable=not progress, leave=False)
    for epoch in bar:
        # An epoch's randomness needs no history: it is the same after a restart.
        generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)
        order = torch.randperm(len(split.labels), generator=generator)
        total = 0.0
        for number, chosen in enumerate(order.split(batch_size)):
            progressed = (epoch * batches + number) / (epochs * batches)
            optimizer.param_groups[0]["lr"] = learning_rate * one_cycle(progressed)
            images = augment(split.images[chosen], shift=shift, flip=flip, generator=generator)
            inputs = to_float(images, dataset).to(memory_format=layout)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
                logits = model(inputs)
            loss = F.cross_entropy(logits.float(), split.labels[chosen], label_smoothing=label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if after_step is not None:
                after_step()
            total += loss.item() * len(chosen)
        losses.append(total / len(order))
        bar.set_postfix(loss=f"{losses[-1]:.3f}")
        _store(resume, model, optimizer, epoch + 1, time.process_time() - started)
    model.to(memory_format=torch.contiguous_format).eval()
    return losses


def one_cycle(progress: float, *, warm_up: float = 0.2) -> float:
    """The factor on the peak learning rate: linear from 0 to 1 at `warm_up`, then down to 0 at progress 1."""
    return progress / warm_up if progress < warm_up else (1 - progress) / (1 - warm_up)


def augment(images: Tensor, *, shift: int, flip: bool, generator: torch.Generator) -> Tensor:
    """Moves images (N, C, H, W) by up to `shift` pixels, border mirrored; mirrors half of them if `flip`."""
    count, _, height, width = images.shape
    columns = torch.arange(width).expand(count, width)  # (N, W)
    rows = torch.arange(height).expand(count, height)  # (N, H)
    if flip:
        mirrored = torch.rand(count, 1, generator=generator) < 0.5
        columns = torch.where(mirrored, width - 1 - columns, columns)
    if shift:
        columns = columns + torch.randint(-shift, shift + 1, (count, 1), generator=generator)
        rows = rows + torch.randint(-shift, shift + 1, (count, 1), generator=generator)
        columns, rows = _mirror(columns, width), _mirror(rows, height)
    if not (flip or shift):
        return images
    each = torch.arange(count).view(-1, 1, 1)
    # Indexing with a slice in between puts the channels last: (N, H, W, C).
    return images[each, :, rows.unsqueeze(2), columns.unsqueeze(1)].permute(0, 3, 1, 2)


def _mirror(positions: Tensor, size: int) -> Tensor:
    """Positions outside [0, size) folded back at the edge, which is not repeated."""
    return (size - 1) - ((size - 1) - positions.abs()).abs()


@torch.no_grad()
def predict(model: nn.Module, images: Tensor, *, dataset: str, batch_size: int = 1000) -> Tensor:
    """Logits float32 (N, 10) of uint8 images (N, C, H, W); in eval mode, then the former mode again."""
    was_training = model.training
    model.eval()
    try:
        return torch.cat([model(to_float(part, dataset)) for part in images.split(batch_size)])
    finally:
        model.train(was_training)


def accuracy(model: nn.Module, split: Split, *, dataset: str) -> float:
    """The fraction of images, in [0, 1], whose largest logit is that of the label."""
    predictions = predict(model, split.images, dataset=dataset).argmax(dim=1)
    return (predictions == split.labels).float().mean().item()


def load_checkpoint(name: str) -> nn.Module:
    """The trained net `name` (a key of `nets.NETS`) in eval mode, from data/checkpoints/NAME.safetensors.

    Raises:
        DataError: the file is missing, damaged or of another net; the message names it and the remedy.
    """
    if name not in NETS:
        raise ValueError(f"name must be one of {', '.join(NETS)}, got {name!r}")
    path = CHECKPOINTS / f"{name}.safetensors"
    train = f"python tools/train_checkpoints.py {name}"
    remedy = f"restore it with `git checkout -- data` or train it with `{train}`"
    model = NETS[name]()
    try:
        model.load_state_dict(load_file(path))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise DataError(f"{path}: missing or damaged ({str(error).splitlines()[0]}); {remedy}") from error
    return model.eval()


def checkpoint_card(name: str) -> dict[str, object]:
    """The card of a checkpoint: recipe, seed, data, accuracy on the full test set, bytes, CPU-seconds."""
    card: dict[str, object] = json.loads((CHECKPOINTS / f"{name}.json").read_text())
    return card


def _store(
    path: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer, epochs: int, cpu_seconds: float
) -> None:
    if path is None:
        return
    state: dict[str, object] = {"epochs": epochs, "cpu_seconds": cpu_seconds}
    state |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    temporary = path.with_name(path.name + ".part")
    torch.save(state, temporary)
    os.replace(temporary, path)


def _restore_(path: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[int, float]:
    """Loads the state after the last whole epoch, if there is one; returns epochs and CPU-seconds spent."""
    if path is None or not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["epochs"], state["cpu_seconds"]
