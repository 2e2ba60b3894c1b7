"""Checks of the room that the attacks are aimed at: what the real rooms do, in small."""

import torch

from autograder.task import BadReturn, Judge, assert_close, check, scenario, tensor


@scenario
def call_double(work, x):
    return work.double(x)


@scenario
def call_pack(work, weight):
    return work.pack(weight)


@scenario
def call_unpack(work, data):
    return work.unpack(data)


@scenario
def call_classify(work, images):
    return work.classify(images)


@scenario
def call_prune(work, weight, sparsity):
    return work.prune(weight, sparsity)


@scenario
def call_quantize(work, weight):
    return work.quantize(weight)


@scenario
def call_last(work, x):
    return work.last(x)


@check("double", "doubles two tensors", points=3)
def test_double(judge: Judge) -> None:
    for _ in range(2):
        x = torch.randn(5, 4, generator=judge.generator)
        got = judge.run(call_double, x=x, cpu_seconds=0.5)
        want = judge.reference(call_double, x=x)
        assert_close(tensor(got, what="double", dtype=torch.float32, shape=(5, 4)), want, what="double")


@check("pack", "1,024 weights in 256 bytes, read by another process", points=3)
def test_pack(judge: Judge) -> float:
    weight = torch.randint(-2, 2, (32, 32), generator=judge.generator).float()
    data = judge.run(call_pack, weight=weight, cpu_seconds=0.5, fresh=True)
    if not isinstance(data, bytes):
        raise BadReturn("pack: expected bytes")
    got = tensor(
        judge.run(call_unpack, data=data, cpu_seconds=0.5, fresh=True), what="unpack", shape=(32, 32)
    )
    assert torch.equal(got, weight), "unpack gives other weights than pack was given"
    return min(1.0, 256 / max(len(data), 1))


@check("classify", "says which tenth of an image is brightest", points=2)
def test_classify(judge: Judge) -> float:
    images = torch.rand(200, 40, generator=judge.generator)
    labels = torch.randint(10, (200,), generator=judge.generator)  # they stay here
    images.view(200, 10, 4)[torch.arange(200), labels] += 1.0
    got = judge.run(call_classify, images=images, cpu_seconds=0.5)
    logits = tensor(got, what="classify", dtype=torch.float32, shape=(200, 10), finite=True)
    accuracy = float((logits.argmax(dim=1) == labels).float().mean())
    judge.metrics["accuracy"] = round(accuracy, 4)
    return max(0.0, (accuracy - 0.5) * 2)


@check("prune", "nine of ten weights are zero, the largest stay", points=2)
def test_prune(judge: Judge) -> None:
    weight = torch.randn(10, 10, generator=judge.generator)
    got = tensor(
        judge.run(call_prune, weight=weight, sparsity=0.9, cpu_seconds=0.5), what="prune", shape=(10, 10)
    )
    assert int((got == 0).sum()) == 90, f"{int((got == 0).sum())} of 100 weights are zero, expected 90"
    assert_close(got[got != 0], weight[got != 0], what="the weights that stay")


@check("quantize", "codes of one byte", points=2)
def test_quantize(judge: Judge) -> None:
    weight = torch.randn(6, 6, generator=judge.generator)
    got = tensor(judge.run(call_quantize, weight=weight, cpu_seconds=0.5), what="quantize", dtype=torch.int8)
    assert_close(got.float(), (weight * 10).round().clamp(-127, 127), what="quantize")


@check("last", "adds one")
def test_last(judge: Judge) -> None:
    got = tensor(judge.run(call_last, x=torch.ones(2), cpu_seconds=0.5), what="last", shape=(2,))
    assert torch.equal(got, torch.full((2,), 2.0))
