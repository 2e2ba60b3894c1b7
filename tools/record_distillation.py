"""Records what a teacher is worth to small nets on CIFAR-10: `data/results/04_distillation.json`.

    python -m tools.record_distillation        about 20 minutes of CPU time, after `make data`

All students learn from the embedded 10,000 training images, in eight fixed augmented views of each; the
teacher's answers to the views are computed once. Students that are compared have the same start, views, order
of images and number of steps: only the loss differs. Choices are made on 2,000 of the training images. A
finished student is written to a file, read back and then tested, once, on the 10,000 test images. Finished
runs are kept below data/cache/distillation, in a folder named after the code they were made with: a killed
recorder goes on behind the last of them.
"""

import hashlib
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from shrink import data, distillation, measuring, nets, pruning, training
from tools import results
from tools.rooms import ROOT

NAME = "04_distillation"
SCRATCH = ROOT / "data" / "cache" / "distillation" / results.code_digest(__file__)
SEEDS = (0, 1, 2)
VIEWS, BATCH, STEPS_PER_EPOCH = 8, 125, 80  # an epoch: as many images as the training set has
EPOCHS, RETRAINING = 8, 4
LARGE, MIDDLE, SMALL = (
    (32, 32, 64),
    (16, 16, 32),
    (8, 8, 16),
)  # widths of the students; LARGE is nets.student()
HELD_OUT, FEW, NOISE = 2_000, 100, 0.4  # images for choices; labelled images a class; share of wrong labels


class Run(NamedTuple):
    """One student: what it is, what it learns from, and for how long."""

    name: str
    seed: int = 0
    widths: tuple[int, int, int] = LARGE
    epochs: int = EPOCHS
    learning_rate: float = 0.2
    loss: str = "labels"  # a key of LOSSES; "labels" needs no teacher
    images: str = "all"  # a key of what `choose_images` returns
    temperature: float = 4.0
    alpha: float = 0.9
    weight: float = 0.0  # of the loss's extra term
    pruned: str = ""  # "gradually" or "in turns", see `sparsity_at`
    start: str = ""  # the run whose net is the start, seed for seed


class Material(NamedTuple):
    """What students see: views of the training images, labels, and the teacher's answers to each view."""

    views: Tensor  # uint8 (V, N, 3, 32, 32)
    labels: Tensor  # (N,)
    noisy: Tensor  # (N,), a share NOISE of them wrong
    logits: Tensor  # (V, N, 10)
    looks: tuple[Tensor, Tensor]  # (V, N, 1, 15, 15), (V, N, 1, 7, 7): root of the attention maps


class Outputs(NamedTuple):
    """What a net says to a batch: its logits, and the features of its blocks."""

    logits: Tensor
    features: list[Tensor]


def forward(net: nets.WhiteningNet, inputs: Tensor) -> Outputs:
    """The forward pass of a `nets.WhiteningNet`, in bfloat16, with what lies in between."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        x, features = F.gelu(net.whiten(inputs)), []
        for block in net.blocks:
            x = block(x)
            features.append(x)
        logits = net.fc(x.amax(dim=(2, 3))) / 9
    return Outputs(logits.float(), [block.float() for block in features])


def taught(run: Run, said: Outputs, labels: Tensor, teacher: Material) -> Tensor:
    options = {"temperature": run.temperature, "alpha": run.alpha}
    return distillation.distillation_loss(said.logits, teacher.logits, labels, **options)


def attentive(run: Run, said: Outputs, labels: Tensor, teacher: Material) -> Tensor:
    pairs = zip(said.features, teacher.looks, strict=False)  # the last block has no look: 3 x 3 positions
    looks = torch.stack([distillation.attention_loss(mine, its) for mine, its in pairs]).sum()
    return taught(run, said, labels, teacher) + run.weight * looks


LOSSES: dict[str, Callable[[Run, Outputs, Tensor, Material], Tensor]] = {
    "labels": lambda run, said, labels, _: F.cross_entropy(said.logits, labels, label_smoothing=run.weight),
    "taught": taught,
    "attentive": attentive,
}


def sparsity_at(run: Run, done: float, final: float) -> float:
    """The sparsity when the share `done` of a run's steps is over."""
    if run.pruned == "in turns":  # prune at once, train for a quarter of the steps, four times
        return float(1 - (1 - final) ** ((int(4 * done) + 1) / 4))
    return pruning.polynomial_sparsity(int(100 * done), start=0, end=60, final=final)


def choose_images(labels: Tensor) -> dict[str, Tensor]:
    """The images (positions) a run may learn from; those behind `part` are for choices."""
    few = torch.cat([(labels == c).nonzero().squeeze(1)[:FEW] for c in range(10)])
    every = torch.arange(len(labels))
    return {"all": every, "noisy": every, "few": few, "part": every[:-HELD_OUT]}


def batches(run: Run, allowed: Tensor) -> Iterator[tuple[int, Tensor]]:
    """View and positions for each step: passes over the allowed images, a view each, however few they are."""
    generator = torch.Generator().manual_seed(1_000 + run.seed)
    steps = itertools.count()
    for number in itertools.count():
        for chosen in allowed[torch.randperm(len(allowed), generator=generator)].split(BATCH):
            if next(steps) == run.epochs * STEPS_PER_EPOCH:
                return
            yield number % VIEWS, chosen


def train_(net: nets.WhiteningNet, run: Run, material: Material, final: float) -> dict[str, Tensor]:
    """One-cycle Nesterov SGD with the run's loss; returns the masks if the run prunes."""
    net.to(memory_format=torch.channels_last).train()
    trained = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    labels = material.noisy if run.images == "noisy" else material.labels
    masks: dict[str, Tensor] = {}
    steps = run.epochs * STEPS_PER_EPOCH
    for step, (view, chosen) in enumerate(batches(run, choose_images(material.labels)[run.images])):
        optimizer.param_groups[0]["lr"] = run.learning_rate * training.one_cycle(step / steps)
        if run.pruned and step % 10 == 0:
            sparsity = sparsity_at(run, step / steps, final)
            masks = pruning.global_magnitude_masks(weights_of(net), sparsity)
            pruning.apply_masks_(net, masks)
        inputs = data.to_float(material.views[view, chosen], "cifar10")
        said = forward(net, inputs.to(memory_format=torch.channels_last))
        loss = LOSSES[run.loss](run, said, labels[chosen], answers(material, view, chosen))
        optimizer.zero_grad()
        loss.backward()
        pruning.masked_step_(net, masks, optimizer)
    net.to(memory_format=torch.contiguous_format).eval()
    return masks


def answers(material: Material, view: int, chosen: Tensor) -> Material:
    """What the teacher says to a batch; nothing where there is no teacher."""
    if not len(material.logits):
        return material
    looks = tuple(look[view, chosen].float() for look in material.looks)
    return material._replace(logits=material.logits[view, chosen], looks=(looks[0], looks[1]))


def weights_of(net: nn.Module) -> dict[str, Tensor]:
    """The weights that are trained and may be pruned: convolutions and the last layer, not the whitening."""
    return {name: p.detach() for name, p in net.named_parameters() if p.dim() > 1 and p.requires_grad}


def new_net(run: Run, images: Tensor) -> nets.WhiteningNet:
    """The student before training: the same for the same seed and widths, whatever it will learn from."""
    torch.manual_seed(run.seed)
    net = nets.WhiteningNet(run.widths)
    nets.set_whitening_(net, images)
    net.whiten.requires_grad_(False)  # saves a seventh of the time
    return net


def sparsity_for(net: nn.Module, size: int, folder: Path) -> float:
    """The sparsity at which the file of `pruning.save_sparse` takes at most `size` bytes, and nearly that."""
    weights = weights_of(net)
    count = sum(weight.numel() for weight in weights.values())
    empty = {name: torch.zeros_like(weight, dtype=torch.bool) for name, weight in weights.items()}
    pruning.save_sparse(folder / "empty", net.state_dict(), empty)
    kept = (size - os.path.getsize(folder / "empty") - 160) // 4  # 160: the header grows by some digits
    return 1 - kept / count


def record(run: Run, material: Material, folder: Path) -> dict[str, Any]:
    """Trains one student, writes its file, reads it back, and tests what came back."""
    started = time.process_time()
    whitened = data.to_float(data.cifar10("train").images[:5_000], "cifar10")
    net, final = new_net(run, whitened), 0.0
    if run.start:
        net.load_state_dict(load_file(folder / f"{run.start}, seed {run.seed}"))
    if run.pruned:
        goal = new_net(run._replace(widths=SMALL), whitened)
        save_file(goal.state_dict(), folder / "goal")
        final = sparsity_for(net, os.path.getsize(folder / "goal"), folder)
    masks = train_(net, run, material, final)
    seconds = time.process_time() - started
    path = folder / f"{run.name}, seed {run.seed}"
    save_file(net.state_dict(), path)
    if run.pruned:
        pruning.save_sparse(path, net.state_dict(), masks)
    read = nets.WhiteningNet(run.widths)
    read.load_state_dict(pruning.load_sparse(path) if run.pruned else load_file(path))
    return {
        **run._asdict(), "accuracy": test(read, run), "file": os.path.getsize(path),
        "weights": sum(int(w.count_nonzero()) for w in weights_of(read).values()),
        "macs": measuring.count_macs(read, (3, 32, 32)), "cpu_seconds": round(seconds, 1),
    }  # fmt: skip


@torch.no_grad()
def test(net: nets.WhiteningNet, run: Run) -> float:
    """Accuracy in percent on the test images; for a run that serves a choice, on the held-out images."""
    split = data.cifar10("test", full=True)
    if run.images == "part":
        split = data.cifar10("train").take(slice(-HELD_OUT, None))
    net.to(memory_format=torch.channels_last).eval()
    parts = [data.to_float(part, "cifar10") for part in split.images.split(500)]
    logits = torch.cat([forward(net, part.to(memory_format=torch.channels_last)).logits for part in parts])
    right = int((logits.argmax(dim=1) == split.labels).sum())
    return round(100 * right / len(split.labels), 2)


def see(with_teacher: bool, folder: Path) -> Material:
    """The views, and the teacher's answers to them, which are kept in a file."""
    split = data.cifar10("train")
    generator = torch.Generator().manual_seed(0)
    views = [training.augment(split.images, shift=2, flip=True, generator=generator) for _ in range(VIEWS)]
    wrong = torch.rand(len(split.labels), generator=generator) < NOISE
    other = (split.labels + torch.randint(1, 10, split.labels.shape, generator=generator)) % 10
    noisy, nothing = torch.where(wrong, other, split.labels), torch.empty(0)
    alone = Material(torch.stack(views), split.labels, noisy, nothing, (nothing, nothing))
    if not with_teacher:
        return alone
    path = folder / f"answers {teacher_digest()[:16]}"
    if not path.exists():
        save_file(ask_teacher(alone.views), path)
    said = load_file(path)
    return alone._replace(logits=said["logits"], looks=(said["look 0"], said["look 1"]))


@torch.no_grad()
def ask_teacher(views: Tensor) -> dict[str, Tensor]:
    """Logits and looks of the teacher for every view; the looks in half precision."""
    teacher = nets.teacher().to(memory_format=torch.channels_last).eval()
    teacher.load_state_dict(training.load_checkpoint("teacher").state_dict())
    found: dict[str, list[Tensor]] = {"logits": [], "look 0": [], "look 1": []}
    for part in views.flatten(0, 1).split(500):
        inputs = data.to_float(part, "cifar10").to(memory_format=torch.channels_last)
        said = forward(teacher, inputs)
        found["logits"].append(said.logits)
        for block in (0, 1):
            # One channel whose attention map is the teacher's: the loss needs no more of 64 or 256 channels.
            look = said.features[block].square().mean(dim=1, keepdim=True).sqrt()
            found[f"look {block}"].append(look.half())
    return {name: torch.cat(parts).unflatten(0, views.shape[:2]) for name, parts in found.items()}


def teacher_digest() -> str:
    return hashlib.sha256((training.CHECKPOINTS / "teacher.safetensors").read_bytes()).hexdigest()


def alone(learning_rate: float) -> list[Run]:
    """The students without a teacher: the baselines."""
    base = Run("labels", learning_rate=learning_rate)
    middle = base._replace(name="middle, labels", widths=MIDDLE)
    again: dict[str, Any] = {"pruned": "gradually", "epochs": RETRAINING, "learning_rate": learning_rate / 2}
    return [
        base,
        middle,
        base._replace(name="small, labels", widths=SMALL, epochs=EPOCHS + RETRAINING),
        middle._replace(name="few labels", images="few"),
        middle._replace(name="noisy labels", images="noisy"),
        base._replace(name="labels, then pruned", start="labels", **again),
        middle._replace(name="middle, labels, then pruned", start="middle, labels", **again),
    ]


def with_teacher(rate: float, temperature: float, alpha: float) -> list[Run]:
    """The same students with the teacher, and what only exists with one."""
    base = Run("taught", learning_rate=rate, loss="taught", temperature=temperature, alpha=alpha)
    middle = base._replace(name="middle, taught", widths=MIDDLE)
    again: dict[str, Any] = {"pruned": "gradually", "epochs": RETRAINING, "learning_rate": rate / 2}
    onwards = base._replace(start="taught", **again)
    return [
        base,
        middle,
        base._replace(name="small, taught", widths=SMALL, epochs=EPOCHS + RETRAINING),
        middle._replace(name="no label, taught", alpha=1.0),  # where labels are few or wrong
        onwards._replace(name="taught, then pruned with labels", loss="labels"),
        onwards._replace(name="taught, then pruned and taught"),
        onwards._replace(name="taught, pruned in turns", pruned="in turns"),
        middle._replace(name="middle, taught, then pruned and taught", start="middle, taught", **again),
    ]


def best(runs: list[Run], material: Material, folder: Path) -> Run:
    """The run with the highest accuracy on the held-out images."""
    return max(runs, key=lambda run: recorded(run, material, folder)["accuracy"])


def recorded(run: Run, material: Material, folder: Path) -> dict[str, Any]:
    """The record of a run, from the store if it is there. Runs with a teacher are those of this teacher."""
    teacher = teacher_digest() if "taught" in run.name or run.loss != "labels" else ""
    key = json.dumps([*run, teacher])
    store = folder / "runs.jsonl"
    for line in store.read_text().splitlines() if store.exists() else []:
        if (found := json.loads(line))["key"] == key:
            return dict(found["record"])
    done = record(run, material, folder)
    with store.open("a") as file:
        file.write(json.dumps({"key": key, "record": done}) + "\n")
    print(
        f"{run.name}, seed {run.seed}: {done['accuracy']:.2f} %, {done['cpu_seconds']} CPU-s",
        flush=True,
    )
    return done


def every_seed(runs: list[Run], material: Material, folder: Path) -> list[dict[str, Any]]:
    return [recorded(run._replace(seed=seed), material, folder) for run in runs for seed in SEEDS]


def choose_rate(material: Material, folder: Path) -> Run:
    """The learning rate that is best for the student without a teacher; all others use it too."""
    start = Run("choice of the learning rate", images="part")
    return best([start._replace(learning_rate=rate) for rate in (0.1, 0.2, 0.4)], material, folder)


def choose_loss(rate: float, material: Material, folder: Path) -> Run:
    """The temperature, then the teacher's share, for a student of middle size; all others use them too."""
    start = Run("choice of the loss", widths=MIDDLE, learning_rate=rate, loss="taught", images="part")
    run = best([start._replace(temperature=t) for t in (1.0, 2.0, 4.0)], material, folder)
    return best([run, *(run._replace(alpha=a) for a in (0.5, 1.0))], material, folder)


def more(loss: Run, material: Material, folder: Path) -> list[Run]:
    """Softness without a teacher, and attention beside one; its weight is chosen as the rest was."""
    smooth = Run("smoothed labels", widths=MIDDLE, learning_rate=loss.learning_rate, weight=0.1)
    looking = loss._replace(name="choice of the attention", loss="attentive")
    looking = best([looking._replace(weight=weight) for weight in (1.0, 10.0)], material, folder)
    return [smooth, looking._replace(name="attentive", images="all")]


def tried(folder: Path) -> list[dict[str, Any]]:
    """What the choices were made from: settings and accuracy on the held-out images."""
    lines = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    of_now = [line["record"] for line in lines if json.loads(line["key"])[-1] in ("", teacher_digest())]
    keys = ("name", "widths", "learning_rate", "temperature", "alpha", "weight", "accuracy")
    return [{key: run[key] for key in keys} for run in of_now if run["images"] == "part"]


def summary(runs: list[dict[str, Any]], name: str) -> tuple[str, list[float]]:
    """Accuracies of a run, seed by seed, and as text: the mean, and the range in brackets."""
    found = [run["accuracy"] for run in runs if run["name"] == name]
    return f"{statistics.mean(found):.1f} ({min(found):.1f} to {max(found):.1f})", found


ROWS = (  # the student, the run without a teacher, the run with one
    ("91,320 parameters", "labels", "taught"),
    ("25,080 parameters", "middle, labels", "middle, taught"),
    ("7,512 parameters", "small, labels", "small, taught"),
    ("25,080, 1,000 labels or none", "few labels", "no label, taught"),
    ("25,080, 40 % wrong labels or none", "noisy labels", "no label, taught"),
)


def result(runs: list[dict[str, Any]], loss: Run) -> dict[str, Any]:
    """The file of `data/results`: the table of gains, the choices, and every run."""
    rows = []
    for title, without, taught_ in ROWS:
        (baseline, alone_), (distilled, pupils) = summary(runs, without), summary(runs, taught_)
        gains = [b - a for a, b in zip(alone_, pupils, strict=True)]
        gain = f"{statistics.mean(gains):+.1f} ({min(gains):+.1f} to {max(gains):+.1f})"
        rows.append([title, baseline, distilled, gain])
    card = training.checkpoint_card("teacher")
    return {
        "columns": ["student", "alone, accuracy in %", "with the teacher", "gain in points"],
        "rows": rows,
        "conditions": "CIFAR-10, embedded 10,000 training images; mean of seeds 0, 1, 2 (range); "
        f"{EPOCHS} epochs of {STEPS_PER_EPOCH} steps of {BATCH} images, the smallest {EPOCHS + RETRAINING}; "
        "accuracy of the file read back, in bfloat16, on the 10,000 test images.",
        "choices": {
            "learning_rate": loss.learning_rate, "temperature": loss.temperature, "alpha": loss.alpha,
        },
        "teacher": {"accuracy": 100 * float(str(card["test_accuracy"])), "file": card["file_bytes"],
                    "parameters": card["parameters"], "training_images": card["training_images"],
                    "macs": measuring.count_macs(nets.teacher(), (3, 32, 32))},
        "tried": tried(SCRATCH),
        "runs": runs,
        "recipe": {"views": VIEWS, "batch_size": BATCH, "momentum": 0.9, "weight_decay": 5e-4,
                   "torch": torch.__version__.split("+")[0]},
    }  # fmt: skip


def main() -> None:
    """Without the teacher first; `alone` as an argument ends there."""
    torch.set_num_threads(1)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    material = see(False, SCRATCH)
    rate = choose_rate(material, SCRATCH)
    runs = every_seed(alone(rate.learning_rate), material, SCRATCH)
    if "alone" in sys.argv[1:]:
        return
    material = see(True, SCRATCH)
    loss = choose_loss(rate.learning_rate, material, SCRATCH)
    runs += every_seed(with_teacher(loss.learning_rate, loss.temperature, loss.alpha), material, SCRATCH)
    results.write(NAME, result(runs, loss), made_by=__file__)
    runs += every_seed(more(loss, material, SCRATCH), material, SCRATCH)
    results.write(NAME, result(runs, loss), made_by=__file__)


if __name__ == "__main__":
    main()
