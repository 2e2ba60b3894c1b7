"""Trains the course's checkpoints on the full sets; a killed run goes on behind its last whole epoch.

    python tools/train_checkpoints.py [NAME ...]     without a name: all of them

Writes data/checkpoints/NAME.safetensors and its card NAME.json. Every recipe trains on all training images
for a fixed number of epochs; the test images are looked at once, for the card. The teacher is trained twice:
first alone, then once more with soft targets from its first self, ResNet-20 and the student together.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm.auto import tqdm

from shrink.data import DATA_FOLDER, Split, cifar10, mnist, to_float
from shrink.distillation import ensemble_targets
from shrink.nets import NETS, WhiteningNet, set_whitening_
from shrink.training import CHECKPOINTS, accuracy, augment, load_checkpoint, predict, train_

SCRATCH = DATA_FOLDER / "cache" / "checkpoints"
SEED = 0
MNIST_RECIPE: dict[str, Any] = {
    "learning_rate": 0.1,
    "batch_size": 128,
    "weight_decay": 1e-4,
    "shift": 1,
    "seed": SEED,
}
CIFAR10_RECIPE: dict[str, Any] = {
    "learning_rate": 0.4, "batch_size": 512, "weight_decay": 5e-4, "label_smoothing": 0.1,
    "shift": 2, "flip": True, "bf16": True, "seed": SEED,
}  # fmt: skip
SMALL_RECIPE = CIFAR10_RECIPE | {
    "batch_size": 256,
    "label_smoothing": 0.0,
}  # a small net fits too little anyway
RECIPES: dict[str, dict[str, Any]] = {
    "lenet_300_100": MNIST_RECIPE | {"epochs": 20},
    "lenet_5": MNIST_RECIPE | {"epochs": 12, "learning_rate": 0.05, "bf16": True},
    "resnet_8": SMALL_RECIPE | {"epochs": 48, "weight_decay": 3e-4},
    "resnet_20": SMALL_RECIPE | {"epochs": 50, "shift": 3},
    "student": SMALL_RECIPE | {"epochs": 120, "weight_decay": 4e-4, "learning_rate": 0.3, "shift": 3},
    "teacher": CIFAR10_RECIPE | {"epochs": 14, "learning_rate": 0.2, "label_smoothing": 0.0, "shift": 3},
}
FIRST_GENERATION: dict[str, Any] = CIFAR10_RECIPE | {"epochs": 36, "label_smoothing": 0.2, "shift": 3}
TAUGHT_BY = ("resnet_20", "student")  # and the first generation
VIEWS = 4  # augmented copies of each training image that are shown to the teacher's teachers
LABEL_SHARE = 0.1  # of the true label in the teacher's targets


def train_checkpoint(name: str) -> dict[str, Any]:
    """Trains the net `name`, writes its file and its card, and returns the card."""
    dataset, load = ("mnist", mnist) if name.startswith("lenet") else ("cifar10", cifar10)
    train = load("train", full=True)
    recipe = RECIPES[name]
    CHECKPOINTS.mkdir(exist_ok=True)
    partial = CHECKPOINTS / f"{name}.partial"
    model, before = new_net(name, train, recipe), 0
    if name == "teacher":
        before = first_generation_(model, train)
        train = Split(train.images, taught_targets(model, train))
        recipe = recipe | {
            "first_generation": FIRST_GENERATION, "taught_by": ["first generation", *TAUGHT_BY],
            "views": VIEWS, "label_share": LABEL_SHARE,
        }  # fmt: skip
    train_(model, train, dataset=dataset, resume=partial, **RECIPES[name])
    path = CHECKPOINTS / f"{name}.safetensors"
    _write(path, lambda temporary: save_file(model.state_dict(), temporary))
    card = {
        "name": name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "dataset": dataset,
        "training_images": len(train.labels),
        "test_images": len(load("test", full=True).labels),
        "test_accuracy": round(accuracy(model, load("test", full=True), dataset=dataset), 4),
        "file_bytes": path.stat().st_size,
        "cpu_seconds": before + round(torch.load(partial, weights_only=True)["cpu_seconds"]),
        "torch": torch.__version__.split("+")[0],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "recipe": recipe,
    }
    text = json.dumps(card, indent=1) + "\n"
    _write(path.with_suffix(".json"), lambda temporary: temporary.write_text(text))
    partial.unlink()
    return card


def new_net(name: str, train: Split, recipe: dict[str, Any]) -> nn.Module:
    """The net `name` before training."""
    torch.manual_seed(recipe["seed"])
    model = NETS[name]()
    if isinstance(model, WhiteningNet):
        set_whitening_(model, to_float(train.images[:5000], "cifar10"))
    if name == "resnet_20":
        model.compile()  # 0.81 of the CPU time in a short trial; on the other nets it did not pay
    return model


def first_generation_(model: nn.Module, train: Split) -> int:
    """Trains `model` on the labels, or loads it where that was done before; returns its CPU-seconds."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    path, partial = SCRATCH / "teacher.safetensors", SCRATCH / "teacher.partial"
    if not path.exists():
        train_(model, train, dataset="cifar10", resume=partial, **FIRST_GENERATION)
        _write(path, lambda temporary: save_file(model.state_dict(), temporary))
    model.load_state_dict(load_file(path))
    cpu_seconds: float = torch.load(partial, weights_only=True)["cpu_seconds"]
    return round(cpu_seconds)


def taught_targets(first: nn.Module, train: Split) -> Tensor:
    """Soft targets (N, 10): the mean of what three nets say to `VIEWS` views, and a share of the label.

    Label smoothing makes the logits of the first generation a third of the others', so each net's are
    divided by their standard deviation; a softmax of that gives the best class about three quarters.
    """
    path = SCRATCH / "targets.safetensors"
    if not path.exists():
        teachers = [first, *(load_checkpoint(name) for name in TAUGHT_BY)]
        teachers = [teacher.to(memory_format=torch.channels_last) for teacher in teachers]
        generator = torch.Generator().manual_seed(SEED)
        soft = torch.zeros(len(train.labels), 10)
        for _ in tqdm(range(VIEWS), desc="asking the teachers", unit="view"):
            images = augment(train.images, shift=3, flip=True, generator=generator)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = [predict(teacher, images, dataset="cifar10").float() for teacher in teachers]
            soft += ensemble_targets([said / said.std() for said in logits], 1.0) / VIEWS
        _write(path, lambda temporary: save_file({"targets": soft}, temporary))
    soft = load_file(path)["targets"]
    return (1 - LABEL_SHARE) * soft + LABEL_SHARE * F.one_hot(train.labels, 10)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(path.name + ".part")
    write(temporary)
    os.replace(temporary, path)


def main() -> None:
    names = sys.argv[1:] or list(RECIPES)
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        sys.exit(f"unknown checkpoint {unknown[0]!r}; there are: {', '.join(RECIPES)}")
    for name in names:
        card = train_checkpoint(name)
        print(f"{name}: {card['test_accuracy']:.2%} on the full test set, {card['cpu_seconds']} CPU-s")


if __name__ == "__main__":
    main()
