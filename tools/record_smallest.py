"""Makes the records: the smallest files of both LeNets, data/records/*.bin and data/records/results.json.

    python -m tools.record_smallest lenet_300_100      R1, R1s and R2, three seeds
    python -m tools.record_smallest lenet_5            R3 and R4, three seeds
    python -m tools.record_smallest tried              what was tried, on images left out of the training
    python -m tools.record_smallest table              data/records/results.json and docs/records.md anew

Each run trains a narrow network that pays for its bits (`shrink.together`) and learns from a teacher, the
course's LeNet-5; one training gives the larger file first and goes on to the smaller. Choices were made on
10,000 training images, drawn at random, that the runs under "tried" leave out. The networks of the records
are trained on all 60,000 images, and each file is tested once, in a process of its own. A killed run goes on
where it was: its state is kept below data/cache/records.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from shrink import data, integer_file, together, training, weight_sharing
from tools import records, results

CACHE = data.DATA_FOLDER / "cache" / "records"
RUNS = CACHE / "runs"
SEEDS = (0, 1, 2)
VIEWS, VIEWS_SEED = 10, 5
LEFT_OUT, LEFT_OUT_SEED = 10_000, 99
RECIPES: dict[str, dict[str, Any]] = {
    "lenet_300_100": {
        "records": {"R2": 4_500, "R1": 2_330, "R1s": 1_765}, "units": (64, 32), "coarseness": (1.0, 0.8, 0.8),
        "steps": 9_000, "rate": 4e-3,
    },
    "lenet_5": {
        "records": {"R4": 3_070, "R3": 1_138}, "units": (8, 16, 48), "coarseness": (1.0, 0.8, 0.8, 0.8),
        "steps": 6_000, "rate": 4e-3,
    },
}  # fmt: skip
# What was tried beside the recipe of LeNet-300-100, each for one file of TRIED_SIZE bytes.
TRIED: dict[str, dict[str, Any]] = {
    "as in the recipe": {},
    "half the learning rate": {"rate": 2e-3},
    "coarser steps": {"coarseness": (1.5, 1.5, 1.5)},
    "three values: -1, 0, 1": {"largest": 1},
    "no teacher, labels alone": {"teacher": False},
    "no views, the images as they are": {"views": 1},
    "fewer units at first": {"units": (40, 25)},
}
TRIED_SIZE = 2_000


def save(path: Path, content: Any) -> None:
    """Writes a file of the cache, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, f"{path}.part")
    os.replace(f"{path}.part", path)


def teacher_and_views() -> tuple[Tensor, Tensor]:
    """Views of the training images, uint8 (V, 60000, 1, 28, 28), and the teacher's logits, (V, 60000, 10)."""
    teacher = training.load_checkpoint("lenet_5")
    digest = hashlib.sha256(repr((VIEWS, VIEWS_SEED)).encode())
    digest.update((training.CHECKPOINTS / "lenet_5.safetensors").read_bytes())
    path = CACHE / f"views-{digest.hexdigest()[:12]}.pt"  # whoever changes moved_views deletes it
    if not path.is_file():
        generator = torch.Generator().manual_seed(VIEWS_SEED)
        views = together.moved_views(data.mnist("train").images, VIEWS, generator=generator)
        logits = [training.predict(teacher, view, dataset="mnist", batch_size=500).half() for view in views]
        save(path, (views, torch.stack(logits)))
    views, answers = torch.load(path, weights_only=True, mmap=True)
    return views, answers


def split() -> tuple[Tensor, Tensor]:
    """Positions of the training images that choices are trained on, and of those they are made on."""
    order = torch.randperm(60_000, generator=torch.Generator().manual_seed(LEFT_OUT_SEED))
    return order[LEFT_OUT:], order[:LEFT_OUT]


def train(
    name: str, learn: together.Data, sizes: list[int], seed: int, **options: Any
) -> list[dict[str, Any]]:
    """One training: its files, in the order of the sizes, each with the CPU-seconds up to there."""
    code = {file: digest for file, digest in results.digests(Path(__file__)).items() if "shrink/t" in file}
    settings = repr((name, len(learn[2]), len(learn[0]), sizes, seed, sorted(options.items()), code))
    place = RUNS / hashlib.sha256(settings.encode()).hexdigest()[:16]
    RUNS.mkdir(parents=True, exist_ok=True)
    files = together.smallest_files(name, learn, sizes, seed=seed, place=place, **options)
    seconds = [0.0]
    for path in (place, *(Path(f"{place}.{number}") for number in range(len(sizes)))):
        seconds.append(seconds[-1] + torch.load(path, weights_only=True)["cpu_seconds"])
    return [
        {"content": content, "cpu_seconds": round(spent)}
        for content, spent in zip(files, seconds[2:], strict=True)
    ]


def account(content: bytes) -> dict[str, Any]:
    """Where the bytes of a file went, its weights, the zero-order bound, and the size of a general file."""
    name, state = integer_file.decode_integers(content)
    spent = integer_file.bits_spent(content)
    kinds = {
        "positions": ("any",), "values": ("sign", "size"), "biases": ("digits", "digit", "minus"),
        "header": ("header",),
    }  # fmt: skip
    parts = {part: round(sum(spent.get(kind, 0.0) for kind in of) / 8, 1) for part, of in kinds.items()}
    bound, layers = 0.0, {}
    for layer, (units, channels, height, width) in integer_file.stored_shapes(content).items():
        grid = integer_file.GRIDS[name][layer]
        codes = state[f"{layer}.weight"].view(grid)[:units, :channels].long()
        bound += weight_sharing.entropy_bits(codes) / 8
        weights = int(codes.count_nonzero())
        layers[layer] = {"units": units, "inputs": channels * height * width, "weights": weights}
    return {
        "weights": sum(each["weights"] for each in layers.values()), "parts": parts, "bound": round(bound),
        "layers": layers, "as_encode_network": len(weight_sharing.encode_network(state)),
    }  # fmt: skip


def record(name: str, seed: int) -> None:
    """The records of one seed: trained on all images, written, and tested once."""
    recipe = dict(RECIPES[name])
    wanted = recipe.pop("records")
    learn = (*teacher_and_views(), data.mnist("train").labels)
    for label, run in zip(wanted, train(name, learn, list(wanted.values()), seed, **recipe), strict=True):
        content = run.pop("content")
        path = records.FOLDER / f"{label}-{seed}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_bytes(content)
        os.replace(path.with_suffix(".part"), path)
        found = {"record": label, "seed": seed, "file": path.name, **run, **tested(path)}
        shown = ("record", "seed", "bytes", "error_percent", "cpu_seconds")
        print({key: found[key] for key in shown}, flush=True)
        write({"runs": [found]})


def tested(path: Path) -> dict[str, Any]:
    """Size, error found by a fresh process, account; taken from the results if they hold this very file."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    known = json.loads(records.RESULTS.read_text("utf-8"))["runs"] if records.RESULTS.is_file() else []
    for run in known:
        if run["sha256"] == digest and "wrong_of_few" in run:
            return {key: value for key, value in run.items() if key not in ("record", "seed", "cpu_seconds")}
    wrong = records.fresh_process(path)[1]
    return {
        "bytes": os.path.getsize(path), "sha256": digest, "wrong": wrong, "error_percent": wrong / 100,
        "wrong_of_few": records.wrong_of(content, records.few_test_images())[1], **account(content),
    }  # fmt: skip


def try_out(title: str) -> None:
    """One variant of the recipe, tested on the training images left out."""
    recipe = dict(RECIPES["lenet_300_100"]) | TRIED[title]
    recipe.pop("records")
    (views, logits), (part, left_out) = teacher_and_views(), split()
    count, taught = recipe.pop("views", VIEWS), recipe.pop("teacher", True)
    digits = data.mnist("train")
    learn = (views[:count, part], logits[:count, part], digits.labels[part])
    if not taught:  # a teacher that is sure of the label says what the label says
        sure = 30 * torch.nn.functional.one_hot(learn[2], 10).half()
        learn = (learn[0], sure.expand(count, -1, -1), learn[2])
    run = train(
        "lenet_300_100",
        learn,
        [TRIED_SIZE],
        SEEDS[0],
        **recipe,
    )[0]
    content = run.pop("content")
    wrong = records.wrong_of(content, digits.take(left_out))[1]
    found = {"tried": title, "bytes": len(content), "left_out_error": wrong / LEFT_OUT * 100, **run}
    print(found, flush=True)
    write({"tried": [found | {"weights": account(content)["weights"]}]})


def write(new: dict[str, list[dict[str, Any]]]) -> None:
    """Puts runs into the results file: new ones replace those of the same name, in a fixed order."""
    content = json.loads(records.RESULTS.read_text("utf-8")) if records.RESULTS.is_file() else {}
    runs = {(run["record"], run["seed"]): run for run in [*content.get("runs", []), *new.get("runs", [])]}
    tried = {run["tried"]: run for run in [*content.get("tried", []), *new.get("tried", [])]}
    content = {
        "runs": [runs[key] for key in sorted(runs)],
        "tried": [tried[title] for title in TRIED if title in tried],
        "recipes": RECIPES,
        "conditions": {
            "views": VIEWS, "left_out": LEFT_OUT, "tried_size": TRIED_SIZE, "tried_seed": SEEDS[0],
            "torch": torch.__version__.split("+")[0], "python": sys.version.split()[0],
        },
        "made_from": results.digests(Path(__file__)),
    }  # fmt: skip
    temporary = records.RESULTS.with_suffix(".json.part")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, records.RESULTS)


def main() -> None:
    torch.set_num_threads(1)
    asked = sys.argv[1:2]
    if asked == ["table"]:
        write({})
    elif asked == ["tried"]:
        for title in TRIED:
            try_out(title)
    elif asked and asked[0] in RECIPES:
        for seed in SEEDS:
            record(asked[0], seed)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
