"""Records Deep Compression on both LeNets, in bytes of real files: `data/results/05_weight_sharing.json`.

    python -m tools.record_weight_sharing        about 7 minutes of CPU time, and it can be killed

Each run prunes a checkpoint gradually while it trains, lets the kept weights of each tensor share a few
values and trains these. The file that `encode_network` makes is decoded and tested in a fresh process. Which
sparsity is taken is decided on 10,000 training images that such a run leaves out; then three seeds train on
all 60,000, and the table shows the seed with the median error on the 10,000 test images.

A trained net is kept below data/cache/weight_sharing; a run that finds it there goes on from it.
"""

import copy
import hashlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from shrink import data, measuring, nets, pruning, training, weight_sharing
from tools import results
from tools.rooms import ROOT

RESULT = ROOT / "data" / "results" / "05_weight_sharing.json"
CACHE = data.DATA_FOLDER / "cache" / "weight_sharing"
SEEDS = (0, 1, 2)
SHIFT, WEIGHT_DECAY = 1, 1e-4
RECIPES: dict[str, dict[str, Any]] = {
    "lenet_300_100": {
        "title": "LeNet-300-100", "sparsities": (0.97, 0.95), "bits": 4, "published": (40, 1.58),
        "epochs": 6, "batch_size": 128, "learning_rate": 0.1, "bf16": False,
        "sharing_epochs": 2, "sharing_rate": 2e-3,
    },
    "lenet_5": {
        "title": "LeNet-5", "sparsities": (0.98, 0.96), "bits": 4, "published": (39, 0.74),
        "epochs": 5, "batch_size": 256, "learning_rate": 0.05, "bf16": True,
        "sharing_epochs": 1, "sharing_rate": 1e-3,
    },
}  # fmt: skip


def weights_of(net: nn.Module) -> dict[str, Tensor]:
    """The matrices and filters; the biases stay dense."""
    return {name: p.detach() for name, p in net.named_parameters() if p.dim() > 1}


def load(name: str) -> nn.Module:
    return {
        "lenet_300_100": lambda: training.load_checkpoint("lenet_300_100"),
        "lenet_5": lambda: training.load_checkpoint("lenet_5"),
    }[name]()


def prune_gradually(name: str, split: data.Split, sparsity: float, seed: int) -> nn.Module:
    """Prunes the checkpoint in the first 60 % of the steps, then trains on with fixed masks."""
    recipe, net, steps = RECIPES[name], load(name), itertools.count(1)
    total = recipe["epochs"] * -(-len(split.labels) // recipe["batch_size"])
    masks: dict[str, Tensor] = {}

    def after_step() -> None:
        step = next(steps)
        if step % 50 == 0 and step <= 0.6 * total + 50:
            now = pruning.polynomial_sparsity(step, start=0, end=int(0.6 * total), final=sparsity)
            masks.update(pruning.global_magnitude_masks(weights_of(net), now))
        pruning.apply_masks_(net, masks)

    options = {key: recipe[key] for key in ("epochs", "batch_size", "learning_rate", "bf16")}
    training.train_(
        net, split, dataset="mnist", after_step=after_step, seed=seed, shift=SHIFT,
        weight_decay=WEIGHT_DECAY, progress=False, **options,
    )  # fmt: skip
    return net


def batches(split: data.Split, epochs: int, seed: int) -> Iterator[tuple[float, Tensor, Tensor]]:
    """How far training has come, images (128, 1, 28, 28), moved by up to a pixel, and labels."""
    generator = torch.Generator().manual_seed(seed)
    steps = epochs * -(-len(split.labels) // 128)
    done = itertools.count()
    for _ in range(epochs):
        for chosen in torch.randperm(len(split.labels), generator=generator).split(128):
            moved = training.augment(split.images[chosen], shift=SHIFT, flip=False, generator=generator)
            yield next(done) / steps, data.to_float(moved, "mnist"), split.labels[chosen]


def share(net: nn.Module, split: data.Split, *, bits: int, epochs: int, rate: float, seed: int) -> nn.Module:
    """The kept weights of each tensor take 2^bits - 1 values, which are then trained with the biases."""
    net = copy.deepcopy(net)
    weights = {name: p for name, p in net.named_parameters() if p.dim() > 1}
    masks = {name: weight.detach() != 0 for name, weight in weights.items()}
    books, codes = {}, {}
    for name, weight in weights.items():
        kept = weight.detach()[masks[name]]
        books[name] = nn.Parameter(weight_sharing.kmeans_1d(kept, 2**bits - 1))
        codes[name] = weight_sharing.nearest_code(kept, books[name].detach())
    biases = [p for p in net.parameters() if p.dim() == 1]
    optimizer = torch.optim.Adam([*books.values(), *biases])
    for progressed, images, labels in batches(split, epochs, seed):
        for name, weight in weights.items():
            weight.data[masks[name]] = books[name].data[codes[name]]
        net.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        for name, weight in weights.items():
            assert weight.grad is not None
            gradient = weight.grad[masks[name]]
            books[name].grad = weight_sharing.centroid_gradient(gradient, codes[name], len(books[name]))
        optimizer.param_groups[0]["lr"] = rate * (1 - progressed)
        optimizer.step()
    for name, weight in weights.items():
        weight.data[masks[name]] = books[name].data[codes[name]]
    return net


def stored(path: Path, run: Callable[[], nn.Module]) -> tuple[dict[str, Tensor], float]:
    """State and CPU-seconds of a run, which is made only where the cache lacks it."""
    if not path.is_file():
        start = time.process_time()
        state = run().state_dict()
        CACHE.mkdir(parents=True, exist_ok=True)
        seconds = {"cpu_seconds": f"{time.process_time() - start:.1f}"}
        save_file(state, f"{path}.part", metadata=seconds)
        os.replace(f"{path}.part", path)
        print(f"{path.stem}: {seconds['cpu_seconds']} CPU-s", flush=True)
    with safe_open(path, framework="pt") as file:
        state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118, it is no dict
        return state, float(file.metadata()["cpu_seconds"])


def place(kind: str, name: str, *settings: object) -> Path:
    """Where the cache keeps a run: a name that changes with the checkpoint and with any setting."""
    digest = hashlib.sha256(repr((kind, SHIFT, WEIGHT_DECAY, settings)).encode())
    for tensor in load(name).state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return CACHE / f"{kind}-{name}-{digest.hexdigest()[:12]}.safetensors"


def compressed(name: str, split: data.Split, sparsity: float, seed: int) -> tuple[dict[str, Tensor], float]:
    """State and CPU-seconds of one pruned net with shared values; its biases are rounded to float16."""
    recipe, net = RECIPES[name], load(name)
    training_settings = [recipe[key] for key in ("epochs", "batch_size", "learning_rate", "bf16")]
    sharing = {"bits": recipe["bits"], "epochs": recipe["sharing_epochs"], "rate": recipe["sharing_rate"]}
    path = place("pruned", name, len(split.labels), sparsity, seed, training_settings)
    state, seconds = stored(path, lambda: prune_gradually(name, split, sparsity, seed))
    net.load_state_dict(state)
    path = place("shared", name, path.name, seed, sharing)
    state, more = stored(path, lambda: share(net, split, seed=seed, **sharing))
    return {key: t.half() if t.dim() == 1 else t for key, t in state.items()}, seconds + more


def write_file(name: str, state: dict[str, Tensor], path: Path) -> dict[str, Any]:
    """Encodes a net into a file; its size, and the zero-order bound of positions and values together."""
    path.write_bytes(weight_sharing.encode_network(state, bits=RECIPES[name]["bits"]))
    matrices = [tensor for tensor in state.values() if tensor.dim() > 1]
    symbols = [torch.unique(tensor, return_inverse=True)[1].flatten() for tensor in matrices]
    bound = sum(weight_sharing.entropy_bits(part) for part in symbols) / 8
    return {
        "bytes": os.path.getsize(path), "bound": round(bound),
        "weights": sum(int(tensor.count_nonzero()) for tensor in matrices),
        "biases": sum(tensor.nbytes for tensor in state.values() if tensor.dim() == 1),
    }  # fmt: skip


def wrong_answers(name: str, path: Path, split: data.Split) -> int:
    """How many images the net of a file misses; nothing but the file and the architecture is known here."""
    net = nets.NETS[name]()
    net.load_state_dict(weight_sharing.decode_network(path.read_bytes()))
    answers = training.predict(net, split.images, dataset="mnist").argmax(dim=1)
    return int((answers != split.labels).sum())


def fresh_process(name: str, path: Path) -> float:
    """Error in percent on the 10,000 test images, found by a process that gets the file and nothing else."""
    command = [sys.executable, "-m", "tools.record_weight_sharing", "--test", name, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1]) / 100


def choose(name: str, folder: Path) -> tuple[float, list[dict[str, Any]]]:
    """The sparsest setting that errs no more than the published net, on images left out of its training."""
    digits = data.mnist("train")
    part, left_out = digits.take(slice(0, 50_000)), digits.take(slice(50_000, None))
    tried: list[dict[str, Any]] = []
    for sparsity in RECIPES[name]["sparsities"]:
        state, seconds = compressed(name, part, sparsity, SEEDS[0])
        path = folder / f"{name}-{sparsity}"
        found = write_file(name, state, path)
        error = wrong_answers(name, path, left_out) / 100
        tried.append({"sparsity": sparsity, **found, "left_out_error": error, "cpu_seconds": seconds})
        print(f"{name}: {tried[-1]}", flush=True)
        if error <= RECIPES[name]["published"][1]:
            break
    return tried[-1]["sparsity"], tried


def record(name: str, sparsity: float, seed: int, folder: Path) -> dict[str, Any]:
    """One seed: trained on all 60,000 images, written to a file, and judged by what comes back."""
    state, seconds = compressed(name, data.mnist("train"), sparsity, seed)
    path = folder / f"{name}-{seed}"
    found = write_file(name, state, path)
    run = {"net": name, "sparsity": sparsity, "seed": seed, **found, "cpu_seconds": seconds}
    return {**run, "error_percent": fresh_process(name, path)}


def median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The run with the median error; of equal ones the larger file."""
    return sorted(runs, key=lambda run: (run["error_percent"], -run["bytes"]))[len(runs) // 2]


def result(runs: list[dict[str, Any]], choices: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The file of `data/results`: a table, each figure with its conditions, and what was tried."""
    rows: list[list[Any]] = []
    figures = []
    where = "10,000 MNIST test images, decoded from the file in a fresh process"
    for name, recipe in RECIPES.items():
        of_net = [run for run in runs if run["net"] == name]
        dense, run = measuring.dense_bytes(load(name)), median(of_net)
        errors = [other["error_percent"] for other in of_net]
        error = f"{run['error_percent']:.2f} ({min(errors):.2f} to {max(errors):.2f})"
        ratio = round(dense / run["bytes"], 1)
        rows.append([recipe["title"], dense, run["weights"], run["bytes"], ratio, error])
        for other in of_net:
            at = f"{recipe['title']}, sparsity {other['sparsity']}, seed {other['seed']}; {where}"
            for figure, value, unit in (
                ("file", other["bytes"], "B"),
                ("compression ratio", round(dense / other["bytes"], 2), ""),
                ("zero-order bound of positions and values", other["bound"], "B"),
                ("biases, float16", other["biases"], "B"),
                ("error", other["error_percent"], "%"),
                ("CPU time of pruning, sharing and training", round(other["cpu_seconds"]), "s"),
            ):
                figures.append({"name": figure, "value": value, "unit": unit, "conditions": at})
    return {
        "columns": ["MNIST", "dense, bytes", "weights left", "file, bytes", "times smaller", "error, %"],
        "rows": rows,
        "conditions": "Pruned gradually, few shared values for each tensor, trained on the 60,000 training "
        "images; median of seeds 0, 1, 2 (range in brackets); files decoded in a fresh process, 10,000 test "
        "images.",
        "figures": figures,
        "runs": runs,
        "choices": choices,
        "recipe": {"torch": torch.__version__.split("+")[0], **RECIPES},
    }


def main() -> None:
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--test"]:
        print(wrong_answers(sys.argv[2], Path(sys.argv[3]), data.mnist("test")))
        return
    runs, choices = [], {}
    with tempfile.TemporaryDirectory() as place_of_files:
        folder = Path(place_of_files)
        for name in RECIPES:
            sparsity, choices[name] = choose(name, folder)
            runs += [record(name, sparsity, seed, folder) for seed in SEEDS]
    found = result(runs, choices)
    results.write("05_weight_sharing", found, made_by=__file__)
    print("\n".join(" | ".join(map(str, row)) for row in found["rows"]))


if __name__ == "__main__":
    main()
