"""The recorded figures of the quantization room: how they are made, and that the lesson's sentences hold."""

import json
from typing import Any

import pytest
import torch

from shrink import data, nets, quantization, training
from tools import record_quantization as recorder
from tools.rooms import ROOT

RECORDED = json.loads((ROOT / "data" / "results" / "03_quantization.json").read_text(encoding="utf-8"))
FLOAT = {run["net"]: run for run in RECORDED["float"]}
by_net = pytest.mark.parametrize("net", recorder.DATASETS)


def test_a_run_is_judged_by_what_comes_back_from_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    few = data.mnist("test").take(slice(0, 100))
    inputs = data.to_float(data.mnist("train").images[:20], "mnist")
    monkeypatch.setattr(recorder, "images_of", lambda name, quick: (inputs, few))
    way = "weights and activations, ranges chosen"
    run = recorder.measure("lenet_5", way, 4, quick=True)
    net = recorder.quantized(training.load_checkpoint("lenet_5"), way, 4, inputs)
    assert run["accuracy"] == pytest.approx(100 * training.accuracy(net, few, dataset="mnist"), abs=1e-3)
    assert run["images"] == 100
    assert run["bytes"] < 1_724_896 / 7


def test_a_quantized_network_comes_back_bit_for_bit(tmp_path: Any) -> None:
    net = training.load_checkpoint("lenet_300_100")
    images = data.to_float(data.mnist("test").images[:20], "mnist")
    for bits, activation_bits in ((8, 8), (5, None), (3, 4), (2, 2)):
        options = {"weight_bits": bits, "activation_bits": activation_bits}
        written = quantization.quantize_layers(net, [images], **options)  # type: ignore[arg-type]
        quantization.save_quantized(tmp_path / "net", written)
        read = quantization.quantize_layers(nets.lenet_300_100())
        quantization.load_quantized_(tmp_path / "net", read)
        assert torch.equal(read(images), written(images))
        counted = 266_200 * bits / 8 + 8 * 410
        assert counted < (tmp_path / "net").stat().st_size < counted + 1_000


def test_a_damaged_file_of_a_network_is_a_value_error(tmp_path: Any) -> None:
    net = quantization.quantize_layers(nets.lenet_300_100())
    quantization.save_quantized(tmp_path / "net", net)
    whole = (tmp_path / "net").read_bytes()
    for content in (b"", whole[:50], whole[:-1], whole[: len(whole) // 2]):
        (tmp_path / "net").write_bytes(content)
        with pytest.raises(ValueError, match="damaged"):
            quantization.load_quantized_(tmp_path / "net", net)


def test_clipped_weights_have_no_larger_error() -> None:
    net = nets.lenet_300_100()
    for bits in (2, 4, 8):
        clipped = quantization.clip_weights(net, bits=bits)
        for name, layer in quantization.quantize_layers(clipped, weight_bits=bits).named_children():
            if isinstance(layer, quantization.QuantizedLayer):
                weight = net.get_submodule(name).weight
                codes, scales = quantization.quantize_per_channel(weight, bits=bits)
                plain = (codes * scales[:, None] - weight).square().sum()
                assert (layer.codes * layer.scales[:, None] - weight).square().sum() <= plain * 1.000001


def test_times_are_multiples_of_the_first() -> None:
    times = recorder.relative(
        {"once": lambda: sum(range(1000)), "twice": lambda: sum(range(50_000))}, repeats=5
    )
    assert times["once"] == [1.0, 1.0, 1.0]
    assert times["twice"][1] > 2


@by_net
def test_recorded_files_are_as_large_as_their_format_says(net: str) -> None:
    """As many bits a weight as the width says, eight bytes for each channel, and a header."""
    folded = quantization.fold_network(nets.NETS[net]())
    weights = sum(p.numel() for p in folded.parameters() if p.dim() > 1)
    channels = sum(p.shape[0] for p in folded.parameters() if p.dim() > 1)
    for run in RECORDED["sweep"]:
        if run["net"] == net and "widths" not in run:
            counted = weights * run["bits"] / 8
            assert counted < run["bytes"] < counted + 8 * channels + 3_000, run


@by_net
def test_eight_bits_lose_next_to_nothing(net: str) -> None:
    """0.2 points on 10,000 images; on 2,000, where one answer is 0.05, half a point."""
    for run in RECORDED["sweep"]:
        if run["net"] == net and run["bits"] == 8:
            most = 0.2 if run["images"] == 10_000 else 0.5
            assert FLOAT[net]["accuracy"] - run["accuracy"] <= most + 1e-9, run


@by_net
def test_ninety_percent_smaller_at_equal_accuracy(net: str) -> None:
    """The claim that the lesson tests: true for LeNet-5, false for the nets of photos."""
    small = [r for r in RECORDED["sweep"] if r["net"] == net and r["bytes"] < 0.1 * FLOAT[net]["bytes"]]
    least = min(FLOAT[net]["accuracy"] - run["accuracy"] for run in small)
    assert (least <= 0.5) == (net == "lenet_5"), least


@by_net
def test_every_way_and_width_was_measured(net: str) -> None:
    found = {(run["way"], run["bits"]) for run in RECORDED["sweep"] if run["net"] == net}
    assert found >= {(way, bits) for way, widths in recorder.WAYS.items() for bits in widths}
