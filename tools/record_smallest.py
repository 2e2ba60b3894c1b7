"""Makes the records: the smallest files, data/records/*.bin and data/records/results.json.

    python -m tools.record_smallest RECIPE [SEED ...]  the records of a key of RECIPES; all three seeds
    python -m tools.record_smallest again RECIPE       its first seed once more, and no file replaced
    python -m tools.record_smallest tried [TITLE ...]  what was tried, on images left out of the training
    python -m tools.record_smallest table              data/records/results.json anew from what it holds

Each run trains a network that pays for its bits (`shrink.together`, `shrink.together_normed`) and learns from
a teacher: of the LeNets a narrow one from nothing, taught by the course's LeNet-5; of the CIFAR-10 nets the
course's checkpoint, taught by the course's teacher. One training gives the larger file first and goes on to
the smaller. Choices were made on training images, drawn at random, that the runs under "tried" leave out. The
networks of the records are trained on all images, and each file is tested once, in a process of its own. A
killed run goes on where it was: its state is kept below data/cache/records. CIFAR-10 needs `make data`.
"""

import fcntl
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from shrink import data, integer_file, normed_file, together, together_normed, training, weight_sharing
from tools import records, results

CACHE = data.DATA_FOLDER / "cache" / "records"
RUNS = CACHE / "runs"
SEEDS = (0, 1, 2)
VIEWS, VIEWS_SEED = {"mnist": 10, "cifar10": 8}, 5
LEFT_OUT, LEFT_OUT_SEED = 10_000, 99
RECIPES: dict[str, dict[str, Any]] = {
    "lenet_300_100": {
        "net": "lenet_300_100", "records": {"R2": 4_500, "R1": 2_330, "R1s": 1_765}, "units": (64, 32),
        "coarseness": (1.0, 0.8, 0.8), "steps": 9_000, "rate": 4e-3,
    },
    "lenet_5": {
        "net": "lenet_5", "records": {"R4": 3_070, "R3b": 1_138}, "units": (8, 16, 48),
        "coarseness": (1.0, 0.8, 0.8, 0.8), "steps": 18_000, "rate": 4e-3,
    },
    "lenet_5_short": {
        "net": "lenet_5", "records": {"R4b": 3_070, "R3": 1_138}, "units": (8, 16, 48),
        "coarseness": (1.0, 0.8, 0.8, 0.8), "steps": 6_000, "rate": 4e-3,
    },
    "resnet_8": {
        "net": "resnet_8", "records": {"R6": 24_400}, "coarseness": 0.4,
        "steps": (1_500,), "rate": 1e-3,
    },
    "student": {
        "net": "student", "records": {"R5b": 33_800, "R5s": 24_800}, "coarseness": 0.4,
        "steps": (2_500, 2_500), "rate": 1e-3,
    },
    "resnet_20": {
        "net": "resnet_20", "records": {"R7": 53_900, "R5": 33_900}, "coarseness": 0.8,
        "steps": (2_000, 900), "rate": 1e-3, "first_price": 3e-7, "lead": 4,
    },
    "resnet_20_short": {
        "net": "resnet_20", "records": {"R7b": 53_500, "R5c": 33_800}, "coarseness": 0.8,
        "steps": (1_200, 1_200), "rate": 1e-3,
    },
    "teacher": {
        "net": "teacher", "records": {"R8b": 128_900, "R8c": 128_900}, "coarseness": 1.0,
        "steps": (1_400, 2_600), "rate": 1e-3, "first_price": 1e-7, "lead": 4, "looks": 3,
    },
    "teacher_longer": {
        "net": "teacher", "records": {"R8": 129_600}, "coarseness": 1.0, "after": "teacher",
        "steps": (2_600,), "rate": 1e-3, "first_price": 5e-8, "lead": 4, "looks": 3,
    },
}  # fmt: skip
# What was tried for R4: title -> recipe, bytes of the file, what differs from the recipe.
TRIED: dict[str, tuple[str, int, dict[str, Any]]] = {
    "as in the recipe": ("lenet_5", 3_070, {}),
    "a third of the steps": ("lenet_5", 3_070, {"steps": 6_000}),
    "more units at first: 10, 20, 64": ("lenet_5", 3_070, {"units": (10, 20, 64)}),
}


def save(path: Path, content: Any) -> None:
    """Writes a file of the cache, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, f"{path}.part")
    os.replace(f"{path}.part", path)


def training_data(net: str, *, mirrored: bool = False) -> together.Data:
    """Views of the training images, uint8 (V, N, C, H, W), the teacher's logits, (V, N, 10), labels.

    Mirrored: other views, each with its mirror image, and for both the mean of what the teacher says.
    """
    dataset, name = ("mnist", "lenet_5") if net in integer_file.GRIDS else ("cifar10", "teacher")
    teacher = training.load_checkpoint(name).to(memory_format=torch.channels_last)
    seed = VIEWS_SEED + mirrored
    digest = hashlib.sha256(repr((VIEWS[dataset], seed)).encode())
    digest.update((training.CHECKPOINTS / f"{name}.safetensors").read_bytes())
    images, labels = data.mnist("train") if dataset == "mnist" else data.cifar10("train", full=True)
    path = CACHE / f"views-{digest.hexdigest()[:12]}.pt"  # whoever changes how views are made deletes it
    if not path.is_file():
        make = together.moved_views if dataset == "mnist" else together_normed.colour_views
        views = make(images, VIEWS[dataset], generator=torch.Generator().manual_seed(seed))
        views = torch.cat([views, views.flip(-1)]) if mirrored else views
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dataset == "cifar10"):
            logits = [
                training.predict(teacher, view, dataset=dataset, batch_size=500).half() for view in views
            ]
        answers = torch.stack(logits)
        if mirrored:
            answers = (answers + answers.roll(len(views) // 2, dims=0)) / 2
        save(path, (views, answers))
    views, answers = torch.load(path, weights_only=True, mmap=True)
    return views, answers, labels


def split(count: int) -> tuple[Tensor, Tensor]:
    """Positions of the training images that choices are trained on, and of those they are made on."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(LEFT_OUT_SEED))
    return order[LEFT_OUT:], order[:LEFT_OUT]


def code_of(net: str) -> dict[str, str]:
    """Module -> digest of what a training of this net is made by."""
    modules = ["shrink/together.py", "shrink/training.py"]
    modules += [] if net in integer_file.GRIDS else ["shrink/together_normed.py"]
    return {file: digest for file, digest in results.digests(Path(__file__)).items() if file in modules}


def place_of(
    net: str, learn: together.Data, sizes: list[int], seed: int, start: Path | None, options: dict[str, Any]
) -> Path:
    """Where the states of a training are kept: another place if anything that it depends on is different."""
    settings = (net, len(learn[2]), len(learn[0]), sizes, seed, sorted(options.items()), code_of(net))
    begun = () if start is None else (start.name,)
    return RUNS / hashlib.sha256(repr((*settings, *begun)).encode()).hexdigest()[:16]


def train(
    net: str, learn: together.Data, sizes: list[int], seed: int, start: Path | None = None, **options: Any
) -> list[dict[str, Any]]:
    """One training: its files, in the order of the sizes, each with the CPU-seconds up to there."""
    narrow, place = net in integer_file.GRIDS, place_of(net, learn, sizes, seed, start, options)
    RUNS.mkdir(parents=True, exist_ok=True)
    make = together.smallest_files if narrow else together_normed.smallest_normed_files
    begun: dict[str, Any] = {} if start is None else {"start": start}
    files = make(net, learn, sizes, seed=seed, place=place, **begun, **options)
    parts = [Path(f"{place}.{number}") for number in range(len(sizes))]
    seconds = [0.0]
    for path in [place, *parts] if narrow else parts:
        seconds.append(seconds[-1] + torch.load(path, weights_only=True)["cpu_seconds"])
    return [
        {"content": content, "cpu_seconds": round(spent)}
        for content, spent in zip(files, seconds[-len(sizes) :], strict=True)
    ]


def account(content: bytes) -> dict[str, Any]:
    """Where the bytes of a file went, its weights, the zero-order bound, and the size of a general file."""
    name, state = records.decoded(content)
    if name in integer_file.GRIDS:
        spent, codes = integer_file.bits_spent(content), {}
        for layer, (units, channels, _, _) in integer_file.stored_shapes(content).items():
            codes[layer] = state[f"{layer}.weight"].view(integer_file.GRIDS[name][layer])[:units, :channels]
    else:
        spent, codes = normed_file.bits_spent(content), normed_file.codes_of(content)
    kinds = {
        "positions": ("any",), "values": ("sign", "size"), "biases": ("digits", "digit", "minus"),
        "header": ("header",),
    }  # fmt: skip
    parts = {part: round(sum(spent.get(kind, 0.0) for kind in of) / 8, 1) for part, of in kinds.items()}
    bound = sum(weight_sharing.entropy_bits(each.long()) / 8 for each in codes.values())
    layers = {
        layer: {
            "units": len(each),
            "inputs": each[0].numel(),
            "weights": int(each.count_nonzero()),
        }
        for layer, each in codes.items()
    }
    return {
        "weights": sum(layer["weights"] for layer in layers.values()), "parts": parts, "bound": round(bound),
        "layers": layers, "as_encode_network": len(weight_sharing.encode_network(state)),
    }  # fmt: skip


def last_state(name: str) -> tuple[Path, int]:
    """Where the first seed of a CIFAR-10 recipe ends, trained if it is not yet, and its CPU-seconds."""
    recipe = dict(RECIPES[name])
    net, sizes = recipe.pop("net"), list(recipe.pop("records").values())
    learn = training_data(net)
    place = place_of(net, learn, sizes, SEEDS[0], None, recipe)
    parts = [Path(f"{place}.{number}") for number in range(len(sizes))]
    if (
        not parts[-1].is_file()
        or torch.load(parts[-1], weights_only=True)["numbers"][0] < recipe["steps"][-1]
    ):
        train(net, learn, sizes, SEEDS[0], **recipe)
    return parts[-1], round(sum(torch.load(part, weights_only=True)["cpu_seconds"] for part in parts))


def record(name: str, seed: int, *, again: bool = False) -> None:
    """The records of one seed: trained on all images, written, and tested once.

    Again: the files of data/records stay, and what came out this time stands in the results beside them.
    """
    recipe = dict(RECIPES[name])
    net, wanted, after = recipe.pop("net"), recipe.pop("records"), recipe.pop("after", None)
    start, before = (None, 0) if after is None else last_state(after)
    learn = training_data(net, mirrored=after is not None)
    made = train(net, learn, list(wanted.values()), seed, start, **recipe)
    for label, run in zip(wanted, made, strict=True):
        run["cpu_seconds"] += before
        content = run.pop("content")
        path = (CACHE if again else records.FOLDER) / f"{label}-{seed}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_bytes(content)
        os.replace(path.with_suffix(".part"), path)
        found = {"record": label, "seed": seed, "file": path.name, **run, **tested(path)}
        found["trained_by"] = code_of(net)
        shown = ("record", "seed", "bytes", "error_percent", "cpu_seconds")
        print({key: found[key] for key in shown}, flush=True)
        write({"again": [{key: found[key] for key in shown}]} if again else {"runs": [found]})


def tested(path: Path) -> dict[str, Any]:
    """Size, error found by a fresh process, account; taken from the results if they hold this very file."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    known = json.loads(records.RESULTS.read_text("utf-8"))["runs"] if records.RESULTS.is_file() else []
    for run in known:
        if run["sha256"] == digest:
            of_training = ("record", "seed", "cpu_seconds", "trained_by")
            return {key: value for key, value in run.items() if key not in of_training}
    found = records.fresh_process(path)
    few = records.wrong_of(content, records.few_test_images(found.pop("net")))[1]
    return {
        "bytes": os.path.getsize(path), "sha256": digest, "error_percent": found["wrong"] / 100, **found,
        "wrong_of_few": few, **account(content),
    }  # fmt: skip


def try_out(title: str) -> None:
    """One variant of a recipe, tested on the training images left out."""
    name, size, changes = TRIED[title]
    recipe = RECIPES[name] | changes
    net, _ = recipe.pop("net"), recipe.pop("records")
    views, logits, labels = training_data(net)
    part, left_out = split(len(labels))
    learn = (views[:, part], logits[:, part], labels[part])
    run = train(net, learn, [size], SEEDS[0], **recipe)[0]
    content = run.pop("content")
    images = data.mnist("train") if net in integer_file.GRIDS else data.cifar10("train", full=True)
    wrong = records.wrong_of(content, images.take(left_out))[1]
    found = {"tried": title, "bytes": len(content), "left_out_error": wrong * 100 / LEFT_OUT, **run}
    print(found, flush=True)
    write({"tried": [found]})


def write(new: dict[str, list[dict[str, Any]]]) -> None:
    """Puts runs into the results file: new ones replace those of the same name, in a fixed order.

    One process at a time: two recipes may be at work.
    """
    records.RESULTS.parent.mkdir(parents=True, exist_ok=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "results.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = json.loads(records.RESULTS.read_text("utf-8")) if records.RESULTS.is_file() else {}
        runs = {(run["record"], run["seed"]): run for run in [*content.get("runs", []), *new.get("runs", [])]}
        anew = {(run["record"], run["seed"]): run for run in content.get("again", []) + new.get("again", [])}
        tried = {run["tried"]: run for run in [*content.get("tried", []), *new.get("tried", [])]}
        content = {
            "runs": [runs[key] for key in sorted(runs)],
            "again": [anew[key] for key in sorted(anew)],
            "tried": [tried[title] for title in TRIED if title in tried],
            "recipes": RECIPES,
            "conditions": {
                "views": VIEWS, "left_out": LEFT_OUT, "tried_seed": SEEDS[0],
                "torch": torch.__version__.split("+")[0], "python": sys.version.split()[0],
            },
            "made_from": results.digests(Path(__file__)),
        }  # fmt: skip
        temporary = records.RESULTS.with_suffix(".json.part")
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, records.RESULTS)


def main() -> None:
    torch.set_num_threads(1)
    asked, more = sys.argv[1:2], sys.argv[2:]
    if asked == ["table"]:
        write({})
    elif asked == ["tried"] and set(more) <= set(TRIED):
        for title in more or TRIED:
            try_out(title)
    elif asked == ["again"] and len(more) == 1 and more[0] in RECIPES:
        record(more[0], SEEDS[0], again=True)
    elif asked and asked[0] in RECIPES and set(more) <= {str(seed) for seed in SEEDS}:
        for seed in map(int, more or SEEDS):
            record(asked[0], seed)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
