"""Records what quantization does to three networks: `data/results/03_quantization.json`.

    python -m tools.record_quantization        about 10 minutes of CPU time; resumes where it was stopped
    python -m tools.record_quantization quick  about 4: the embedded 2,000 test images of CIFAR-10

Bits: accuracy and file of LeNet-5, ResNet-8 and the student at 8 to 2 bits, in five ways, on all 10,000 test
images (the embedded 2,000 of CIFAR-10 if `data/cache` lacks the full set). Depth: small nets with depthwise
and with ordinary convolutions, three seeds each. Speed: ONNX Runtime, int8 against float, side by side.
Each run is stored as it comes below `.cache/record_quantization`, in a file named after the code that made
it.
"""

import copy
import hashlib
import json
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shrink import data, measuring, nets, quantization, training
from tools import results
from tools.rooms import ROOT

STORE = ROOT / ".cache" / "record_quantization" / f"{results.code_digest(__file__)}.json"
DATASETS = {"lenet_5": "mnist", "resnet_8": "cifar10", "student": "cifar10"}
TITLES = {"lenet_5": "LeNet-5", "resnet_8": "ResNet-8", "student": "student"}
CALIBRATION, SAMPLE = 500, 20_000  # images; numbers of an activation of which the least error is sought
ALL_BITS = (8, 7, 6, 5, 4, 3, 2)
WAYS: dict[str, tuple[int, ...]] = {
    "weights, per tensor": ALL_BITS,
    "weights, per channel": ALL_BITS,
    "weights, ranges chosen": (8, 5, 4, 3, 2),
    "weights and activations": ALL_BITS,
    "weights and activations, ranges chosen": (8, 6, 5, 4, 3, 2),
}
SEEDS = (0, 1, 2)
ROUNDS = 15
Runs = dict[str, Any]
FULL_TEST_SET = data.DATA_FOLDER / "cache" / "cifar10" / "test_batch.bin"


def checkpoint(name: str) -> nn.Module:
    loaders: dict[str, Callable[[], nn.Module]] = {
        "lenet_5": lambda: training.load_checkpoint("lenet_5"),
        "resnet_8": lambda: training.load_checkpoint("resnet_8"),
        "student": lambda: training.load_checkpoint("student"),
    }
    return loaders[name]()


def images_of(name: str, quick: bool = False) -> tuple[Tensor, data.Split]:
    """Calibration inputs from the training set, and the test images."""
    dataset = DATASETS[name]
    if dataset == "mnist":
        return data.to_float(data.mnist("train").images[:CALIBRATION], dataset), data.mnist("test")
    test = data.cifar10("test", full=not quick and FULL_TEST_SET.exists())
    return data.to_float(data.cifar10("train").images[:CALIBRATION], dataset), test


def quantized(net: nn.Module, way: str, bits: int, images: Tensor) -> nn.Module:
    """The network quantized in one of the five ways."""
    chosen = way.endswith("ranges chosen")

    def least_error(x: Tensor) -> tuple[float, float]:
        return quantization.mse_range(x.flatten()[:: x.numel() // SAMPLE + 1], bits=bits)

    return quantization.quantize_layers(
        quantization.clip_weights(net, bits=bits) if chosen else net,
        [images],
        weight_bits=bits,
        activation_bits=bits if "activations" in way else None,
        per_channel=way != "weights, per tensor",
        activation_range=least_error if chosen else quantization.minmax_range,
        correct_bias=chosen,
    )


def measure(name: str, way: str, bits: int, quick: bool) -> Runs:
    """One network, judged by what comes back from its file."""
    start = time.process_time()
    net, (images, test) = checkpoint(name), images_of(name, quick)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net"
        quantization.save_quantized(path, quantized(net, way, bits, images))
        read = quantization.quantize_layers(nets.NETS[name]())
        quantization.load_quantized_(path, read)
        size = path.stat().st_size
    accuracy = 100 * training.accuracy(read, test, dataset=DATASETS[name])
    return {
        "net": name, "way": way, "bits": bits, "accuracy": round(accuracy, 3), "bytes": size,
        "images": len(test.labels), "cpu_seconds": round(time.process_time() - start, 1),
    }  # fmt: skip


def measure_fitted(name: str, quick: bool) -> Runs:
    """Weights alone in a file 90 % smaller, by the reference of the exercise's experiment."""
    start = time.process_time()
    net, (images, test) = checkpoint(name), images_of(name, quick)
    folded, read = quantization.fold_network(net), quantization.quantize_layers(net)
    layers = {n: m for n, m in read.named_modules() if isinstance(m, quantization.QuantizedLayer)}
    counted = sum(layer.codes.numel() + 4 * layer.scales.numel() for layer in layers.values())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net"
        quantization.save_quantized(path, read)
        besides = path.stat().st_size - counted + 64  # biases and header, whose digits may change
        budget = (training.CHECKPOINTS / f"{name}.safetensors").stat().st_size // 10 - besides
        found = quantization.quantize_in_budget(folded, images, max_bytes=budget)
        for layer_name, layer in layers.items():
            layer.codes, layer.scales = found[f"{layer_name}.weight"]
        quantization.save_quantized(path, read)
        size = path.stat().st_size
    accuracy = 100 * training.accuracy(read, test, dataset=DATASETS[name])
    widths = {n: int(layer.codes.abs().max()).bit_length() + 1 for n, layer in layers.items()}
    return {
        "net": name, "way": "weights, bits shared out", "bits": 3, "accuracy": round(accuracy, 3),
        "bytes": size, "images": len(test.labels), "widths": widths,
        "cpu_seconds": round(time.process_time() - start, 1),
    }  # fmt: skip


def measure_float(name: str, quick: bool) -> Runs:
    _, test = images_of(name, quick)
    accuracy = 100 * training.accuracy(checkpoint(name), test, dataset=DATASETS[name])
    size = (training.CHECKPOINTS / f"{name}.safetensors").stat().st_size
    return {"net": name, "accuracy": round(accuracy, 3), "bytes": size, "images": len(test.labels)}


def block(inputs: int, outputs: int, size: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]


def small_net(kind: str) -> nn.Sequential:
    """Four 3x3 layers for MNIST: each ordinary, or depthwise with a 1x1 convolution behind it."""
    layers = block(1, 16, 3, stride=2)  # (N, 16, 14, 14)
    for inputs, outputs, stride in ((16, 32, 2), (32, 64, 1), (64, 64, 1)):
        if kind == "depthwise":
            layers += block(inputs, inputs, 3, stride=stride, groups=inputs) + block(inputs, outputs, 1)
        else:
            layers += block(inputs, outputs, 3, stride=stride)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def measure_depth(kind: str, seed: int) -> Runs:
    """Trains a small net and quantizes its weights per tensor and per channel, nothing chosen."""
    torch.manual_seed(seed)
    net, train, test = small_net(kind), data.mnist("train").take(slice(0, 10_000)), data.mnist("test")
    training.train_(
        net, train, dataset="mnist", epochs=3, learning_rate=0.1, batch_size=128, seed=seed, progress=False
    )
    found: Runs = {"kind": kind, "seed": seed, "weights": measuring.count_parameters(net)}
    found["float"] = round(100 * training.accuracy(net, test, dataset="mnist"), 3)
    for bits in (8, 6, 4):
        for per_channel in (False, True):
            read = quantization.quantize_layers(net, weight_bits=bits, per_channel=per_channel)
            accuracy = 100 * training.accuracy(read, test, dataset="mnist")
            found[f"{bits} {'per channel' if per_channel else 'per tensor'}"] = round(accuracy, 3)
    folded = quantization.fold_network(net)
    spreads = [
        (layer.weight.flatten(1).abs().amax(dim=1), layer.groups > 1)
        for layer in folded.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    of_interest = [most for most, depthwise in spreads if depthwise == (kind == "depthwise")]
    found["spread"] = round(max((most.max() / most.median()).item() for most in of_interest), 2)
    return found


def measure_speed(name: str) -> Runs:
    """CPU time of int8 in ONNX Runtime and in our own modules, as multiples of float in the same engine."""
    import onnxruntime
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    images, test = images_of(name, quick=True)
    shape, net = tuple(images.shape[1:]), checkpoint(name)

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter([{"x": part.numpy()} for part in images[:200].split(50)])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.left, None)

    def export(path: Path, *, optimize: bool) -> None:
        torch.onnx.export(
            copy.deepcopy(net), (torch.zeros(2, *shape),), str(path), input_names=["x"], dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("n")},), external_data=False, verbose=False,
            optimize=optimize,
        )  # fmt: skip

    static = partial(
        quantize_static, per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        export(folder / "float", optimize=True)
        quant_pre_process(str(folder / "float"), str(folder / "prepared"))
        static(str(folder / "prepared"), str(folder / "static"), Reader())
        export(folder / "unfolded", optimize=False)
        static(str(folder / "unfolded"), str(folder / "unprepared"), Reader())
        quantize_dynamic(str(folder / "prepared"), str(folder / "dynamic"), weight_type=QuantType.QUInt8)
        files = ("float", "static", "unprepared", "dynamic")
        sizes = {file: os.path.getsize(folder / file) for file in files}
        sessions = {
            file: onnxruntime.InferenceSession(folder / file, options, providers=["CPUExecutionProvider"])
            for file in files
        }
    ours = quantization.quantize_network(net, [images])
    found: Runs = {
        "net": name,
        "bytes": sizes,
        "engine": f"ONNX Runtime {onnxruntime.__version__}",
        "times": {},
    }
    for file, session in sessions.items():
        logits = [session.run(None, {"x": data.to_float(part, DATASETS[name]).numpy()})[0]
                  for part in test.images.split(500)]  # fmt: skip
        right = torch.from_numpy(np.concatenate(logits)).argmax(dim=1) == test.labels
        found.setdefault("accuracy", {})[file] = round(100 * right.float().mean().item(), 3)
    for count in (1, 64):
        x = data.to_float(test.images[:count], DATASETS[name])
        engine = {file: partial(session.run, None, {"x": x.numpy()}) for file, session in sessions.items()}
        found["times"][f"{count} engine"] = relative(engine, repeats=40 if count == 1 else 3)
        eager = {"float": partial(net, x), "ours": partial(ours, x)}
        found["times"][f"{count} torch"] = relative(eager, repeats=20 if count == 1 else 2)
    return found


@torch.no_grad()
def relative(runs: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Quartiles of time / time of the first, taken in the same round, over `ROUNDS` rounds."""
    rounds: list[list[float]] = []
    for _ in range(ROUNDS + 1):  # the first one warms up
        rounds.append([])
        for run in runs.values():
            start = time.process_time()
            for _ in range(repeats):
                run()
            rounds[-1].append((time.process_time() - start) / repeats)
    ratios = {name: [row[k] / row[0] for row in rounds[1:]] for k, name in enumerate(runs)}
    return {name: [round(q, 3) for q in statistics.quantiles(each, n=4)] for name, each in ratios.items()}


def gather(quick: bool, only: tuple[str, ...] = tuple(DATASETS)) -> Runs:
    """All runs, from the store where they are there already."""
    stored: Runs = json.loads(STORE.read_text()) if STORE.exists() else {}

    def once(key: str, run: Callable[[], Runs]) -> None:
        if key not in stored:
            stored[key] = run()
            STORE.parent.mkdir(parents=True, exist_ok=True)
            STORE.write_text(json.dumps(stored, indent=1))
            print(key, stored[key], flush=True)

    kept = set()
    for name in only:
        file = training.CHECKPOINTS / f"{name}.safetensors"
        mark = f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"
        mark += " quick" if quick and DATASETS[name] == "cifar10" else ""
        once(f"{mark} float", partial(measure_float, name, quick))
        for way, widths in WAYS.items():
            for bits in widths:
                once(f"{mark} {way} {bits}", partial(measure, name, way, bits, quick))
        if name != "lenet_5":
            once(f"{mark} fitted", partial(measure_fitted, name, quick))
        once(f"{mark} speed", partial(measure_speed, name))
        kept |= {key for key in stored if key.startswith(mark) and ("quick" in key) == ("quick" in mark)}
    for kind in ("ordinary", "depthwise"):
        for seed in SEEDS:
            once(f"depth {kind} {seed}", partial(measure_depth, kind, seed))
    return {key: run for key, run in stored.items() if key in kept or key.startswith("depth")}


def result(runs: Runs) -> Runs:
    """The file of `data/results`: the runs, and a table for readers."""
    dense = {run["net"]: run for key, run in runs.items() if key.endswith("float")}
    sweep = [run for run in runs.values() if "way" in run]
    best = "weights and activations, ranges chosen"
    rows: list[list[Any]] = []
    for name, before in dense.items():
        rows.append([f"{TITLES[name]}, float", before["bytes"], "1.0", f"{before['accuracy']:.2f}"])
        for run in sorted(
            (r for r in sweep if r["net"] == name and r["way"] == best), key=lambda r: -r["bits"]
        ):
            ratio = f"{measuring.compression_ratio(before['bytes'], run['bytes']):.1f}"
            accuracy = f"{run['accuracy']:.2f}"
            rows.append([f"{TITLES[name]}, {run['bits']} bits", run["bytes"], ratio, accuracy])
    count = {DATASETS[name]: run["images"] for name, run in dense.items()}
    return {
        "columns": ["net", "file, bytes", "times smaller", "accuracy, %"],
        "rows": rows,
        "conditions": "Weights and activations, per channel, ranges of least error, biases corrected; "
        f"{CALIBRATION} training images for the ranges; files read back, "
        f"{count.get('mnist', 0):,} MNIST and {count.get('cifar10', 0):,} CIFAR-10 test images.",
        "float": list(dense.values()),
        "sweep": sweep,
        "depth": [run for run in runs.values() if "kind" in run],
        "speed": [run for run in runs.values() if "times" in run],
        "settings": {"calibration_images": CALIBRATION, "seeds": SEEDS, "rounds": ROUNDS, "threads": 1,
                     "clock": "CPU time", "torch": torch.__version__.split("+")[0]},
    }  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    found = result(gather("quick" in sys.argv))
    results.write("03_quantization", found, made_by=__file__)
    print("\n".join(" | ".join(map(str, row)) for row in found["rows"]))


if __name__ == "__main__":
    main()
