"""Records what pruning does to LeNet-300-100: `data/results/02_pruning.json`, and the README's picture of it.

    python -m tools.record_pruning        about 4 minutes of CPU time

Gradual magnitude pruning of the checkpoint, retrained on all 60,000 training images, three seeds for each
sparsity; every net is written by `save_sparse`, read back from its file, and only then tested on the 10,000
test images. The table shows the seed with the median error.
"""

import copy
import itertools
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from shrink import data, measuring, nets, pruning, training
from tools import results
from tools.rooms import ROOT

RESULT = ROOT / "data" / "results" / "02_pruning.json"
PICTURE = ROOT / "docs" / "pruning.png"
SPARSITIES = (0.9, 0.95, 0.98, 0.99)
SEEDS = (0, 1, 2)
EPOCHS, BATCH = 8, 128
RECIPE: dict[str, Any] = {"learning_rate": 0.1, "weight_decay": 1e-4, "shift": 1}
INK = "0.25"


def weights_of(net: nn.Module) -> dict[str, Tensor]:
    """The three matrices; the 410 biases stay dense."""
    return {name: p.detach() for name, p in net.named_parameters() if p.dim() > 1}


def prune_gradually(dense: nn.Module, final: float, seed: int) -> tuple[nn.Module, dict[str, Tensor]]:
    """Prunes a copy of `dense` in the first 60 % of the steps, then trains on with fixed masks."""
    net, steps = copy.deepcopy(dense), itertools.count(1)
    split = data.mnist("train")
    total = EPOCHS * -(-len(split.labels) // BATCH)
    masks: dict[str, Tensor] = {}

    def after_step() -> None:
        step = next(steps)
        if step % 50 == 0 and step <= 0.6 * total + 50:
            sparsity = pruning.polynomial_sparsity(step, start=0, end=int(0.6 * total), final=final)
            masks.update(pruning.global_magnitude_masks(weights_of(net), sparsity))
        pruning.apply_masks_(net, masks)

    options = {"epochs": EPOCHS, "batch_size": BATCH, "seed": seed, **RECIPE}
    training.train_(net, split, dataset="mnist", after_step=after_step, **options)
    return net, masks


def test(net: nn.Module) -> dict[str, Any]:
    """Errors in percent on the 10,000 test images, and how often 4 and 9 are confused."""
    split = data.mnist("test")
    answers = training.predict(net, split.images, dataset="mnist").argmax(dim=1)
    confusion = measuring.confusion_matrix(answers, split.labels, 10)
    wrong = int((answers != split.labels).sum())
    return {"error_percent": wrong / 100, "four_nine": int(confusion[4, 9] + confusion[9, 4])}


def record(dense: nn.Module, sparsity: float, seed: int, folder: Path) -> dict[str, Any]:
    """One pruned net, judged by what comes back from its file."""
    start = time.process_time()
    net, masks = prune_gradually(dense, sparsity, seed)
    seconds = time.process_time() - start
    save_file(net.state_dict(), folder / "dense")
    pruning.save_sparse(folder / "sparse", net.state_dict(), masks)
    read = nets.lenet_300_100()
    read.load_state_dict(pruning.load_sparse(folder / "sparse"))
    left = sum(int(weight.count_nonzero()) for weight in weights_of(read).values())
    sizes = {kind: os.path.getsize(folder / kind) for kind in ("dense", "sparse")}
    return {
        "sparsity": sparsity, "seed": seed, "weights": left, "dense_file": sizes["dense"],
        "sparse_file": sizes["sparse"], "cpu_seconds": seconds, **test(read),
        "pixels": (weights_of(read)["1.weight"] != 0).sum(dim=0).tolist(),
    }  # fmt: skip


def medians(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each sparsity the run with the median error of the seeds."""
    by_error = sorted(runs, key=lambda run: run["error_percent"])
    return [[run for run in by_error if run["sparsity"] == s][len(SEEDS) // 2] for s in SPARSITIES]


def result(dense: nn.Module, runs: list[dict[str, Any]], dense_file: int) -> dict[str, Any]:
    """The file of `data/results`: a table for the README, and each figure with its conditions."""
    before = test(dense)
    total = sum(weight.numel() for weight in weights_of(dense).values())
    where = "10,000 MNIST test images, read back from the file"
    figures = [{"name": "dense error", "value": before["error_percent"], "unit": "%", "conditions": where}]
    figures += [{"name": "dense file", "value": dense_file, "unit": "B", "conditions": "safetensors"}]
    for run in runs:
        at = f"sparsity {run['sparsity']}, seed {run['seed']}"
        for name, value, unit in (
            ("ratio of weights", round(total / run["weights"], 2), ""),
            ("sparse file", run["sparse_file"], "B"),
            ("compression ratio", round(dense_file / run["sparse_file"], 2), ""),
            ("error", run["error_percent"], "%"),
            ("4 and 9 confused", run["four_nine"], "images"),
            ("CPU time of pruning and training", round(run["cpu_seconds"]), "s"),
        ):
            figures.append({"name": name, "value": value, "unit": unit, "conditions": f"{at}; {where}"})
    error = f"{before['error_percent']:.2f}"
    rows: list[list[Any]] = [["dense", total, dense_file, error, before["four_nine"]]]
    for run in medians(runs):
        spread = [r["error_percent"] for r in runs if r["sparsity"] == run["sparsity"]]
        error = f"{run['error_percent']:.2f} ({min(spread):.2f} to {max(spread):.2f})"
        name = f"{100 * run['sparsity']:.0f} % zeros"
        rows.append([name, run["weights"], run["sparse_file"], error, run["four_nine"]])
    return {
        "columns": ["LeNet-300-100, MNIST", "weights", "file, bytes", "error, %", "4 and 9 confused"],
        "rows": rows,
        "conditions": f"Gradual magnitude pruning of the checkpoint, {EPOCHS} epochs on the 60,000 training "
        "images; median of seeds 0, 1, 2 (range in brackets); files read back, 10,000 test images.",
        "figures": figures,
        "recipe": {"epochs": EPOCHS, "batch_size": BATCH, "torch": torch.__version__.split("+")[0], **RECIPE},
    }


def draw(runs: list[dict[str, Any]], found: dict[str, Any], path: Path) -> None:
    """One map a net: how many of its 300 weights in the first layer each pixel has left."""
    maps = [torch.full((28, 28), 300), *(torch.tensor(run["pixels"]).view(28, 28) for run in medians(runs))]
    figure, panels = plt.subplots(1, len(maps), figsize=(9.6, 3.1), dpi=110, layout="constrained")
    for panel, left, row in zip(panels, maps, found["rows"], strict=True):
        whole = row[0] == "dense"
        panel.imshow(left, cmap="Greys" if whole else "Blues", vmin=0, vmax=600 if whole else None)
        panel.set_title(row[0], fontsize=12, color=INK, loc="left")
        below = f"{row[2] / 1000:,.0f} kB\n{row[3].partition(' ')[0]} % errors"
        panel.set_xlabel(below, fontsize=12, color=INK, loc="left")
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_color("0.8")
    title = "The weights that stay look where the digits are"
    figure.suptitle(title, x=0.005, ha="left", fontsize=14, color=INK)
    figure.savefig(path, facecolor="white")
    plt.close(figure)
    with Image.open(path) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    torch.set_num_threads(1)
    dense = training.load_checkpoint("lenet_300_100")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_file(dense.state_dict(), folder / "before")
        dense_file = os.path.getsize(folder / "before")
        runs = [record(dense, s, seed, folder) for s in SPARSITIES for seed in SEEDS]
    found = result(dense, runs, dense_file)
    draw(runs, found, PICTURE)
    results.write("02_pruning", found, made_by=__file__)
    print("\n".join(" | ".join(map(str, row)) for row in found["rows"]))


if __name__ == "__main__":
    main()
