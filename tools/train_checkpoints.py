"""Trains the course's checkpoints on the full sets; a killed run goes on behind its last whole epoch.

    python tools/train_checkpoints.py [NAME ...]     without a name: all of them

Writes data/checkpoints/NAME.safetensors and its card NAME.json. Every recipe trains on all training images
for a fixed number of epochs; the test images are looked at once, for the card.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from shrink.data import cifar10, mnist, to_float
from shrink.nets import NETS, WhiteningNet, set_whitening_
from shrink.training import CHECKPOINTS, accuracy, train_

SEED = 0
MNIST_RECIPE = {"learning_rate": 0.1, "batch_size": 128, "weight_decay": 1e-4, "shift": 1, "seed": SEED}
CIFAR10_RECIPE = {
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
    "teacher": CIFAR10_RECIPE | {"epochs": 36, "label_smoothing": 0.2, "shift": 3},
}


def train_checkpoint(name: str) -> dict[str, Any]:
    """Trains the net `name`, writes its file and its card, and returns the card."""
    dataset, load = ("mnist", mnist) if name.startswith("lenet") else ("cifar10", cifar10)
    train = load("train", full=True)
    recipe = RECIPES[name]
    torch.manual_seed(recipe["seed"])
    model = NETS[name]()
    if isinstance(model, WhiteningNet):
        set_whitening_(model, to_float(train.images[:5000], dataset))
    if name == "resnet_20":
        model.compile()  # 0.81 of the CPU time in a short trial; on the other nets it did not pay
    CHECKPOINTS.mkdir(exist_ok=True)
    partial = CHECKPOINTS / f"{name}.partial"
    train_(model, train, dataset=dataset, resume=partial, **recipe)
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
        "cpu_seconds": round(torch.load(partial, weights_only=True)["cpu_seconds"]),
        "torch": torch.__version__.split("+")[0],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "recipe": recipe,
    }
    text = json.dumps(card, indent=1) + "\n"
    _write(path.with_suffix(".json"), lambda temporary: temporary.write_text(text))
    partial.unlink()
    return card


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
