"""The repaired functions of the clinic against oracles, and the doctests."""

import doctest

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical, kl_divergence
from torch.nn.utils import prune

from shrink import clinic


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(clinic).failed == 0


# ---- pruning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(7,), (4, 5), (2, 3, 4)])
def test_pruning_the_smallest_is_what_torch_calls_l1_unstructured(
    shape: tuple[int, ...], sparsity: float
) -> None:
    weight = random(*shape)
    mask = prune.L1Unstructured(amount=sparsity).compute_mask(weight, torch.ones_like(weight))
    assert torch.equal(clinic.prune_smallest(weight, sparsity), weight * mask)


def test_training_a_pruned_layer_is_what_torchs_own_mask_gives() -> None:
    weight, mask = random(4, 6), random(4, 6, seed=1) > 0
    batches = [(random(8, 6, seed=at), torch.arange(8) % 4) for at in range(2, 6)]
    ours, theirs = nn.Linear(6, 4), nn.Linear(6, 4)
    for layer in (ours, theirs):
        layer.weight.data, layer.bias.data = weight.clone(), torch.zeros(4)
    before = ours.weight, ours.bias
    clinic.train_pruned_(ours, mask, batches, lr=0.2)
    prune.custom_from_mask(theirs, "weight", mask)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.2, momentum=0.9)
    for inputs, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(theirs(inputs), labels).backward()
        optimizer.step()
    assert torch.allclose(ours.weight, theirs.weight_orig * mask, atol=1e-6)
    assert torch.allclose(ours.bias, theirs.bias, atol=1e-6)
    assert (ours.weight, ours.bias) == before and bool((ours.weight[~mask] == 0).all())


@pytest.mark.parametrize("bias", [True, False])
def test_a_pruned_layer_has_the_weight_that_hardshrink_gives_and_memory_of_its_own(bias: bool) -> None:
    layer = nn.Linear(5, 3, bias=bias)
    weight = layer.weight.detach().clone()
    pruned = clinic.pruned_layer(layer, 0.2)
    assert torch.equal(pruned.weight, F.hardshrink(weight, 0.2))
    assert torch.allclose(
        pruned(torch.ones(2, 5)), F.linear(torch.ones(2, 5), F.hardshrink(weight, 0.2), layer.bias)
    )
    with torch.no_grad():
        for parameter in pruned.parameters():
            parameter.fill_(7.0)
    assert torch.equal(layer.weight, weight) and not (bias and bool((layer.bias == 7).any()))


# ---- quantization ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*quantized tensor creation:UserWarning")
@pytest.mark.parametrize("bits", range(2, 9))
def test_signed_codes_are_those_of_torch(bits: int) -> None:
    weight = random(9, 7, seed=bits)
    codes, scale = clinic.quantize_signed(weight, bits=bits)
    oracle = torch.quantize_per_tensor(weight, scale, 0, torch.qint8).int_repr()
    assert torch.equal(codes, oracle) and codes.abs().max() == 2 ** (bits - 1) - 1
    assert (scale * codes.float() - weight).abs().max() <= scale / 2 * (1 + 1e-5)


def test_a_weight_of_zeros_has_scale_one() -> None:
    codes, scale = clinic.quantize_signed(torch.zeros(2, 2))
    assert scale == 1.0 and codes.tolist() == [[0, 0], [0, 0]]


@pytest.mark.filterwarnings("ignore:.*quantized tensor creation:UserWarning")
@pytest.mark.parametrize(("scale", "zero_point"), [(0.02, 128), (0.5, 0), (0.01, 255)])
def test_codes_and_the_way_back_are_those_of_torch(scale: float, zero_point: int) -> None:
    weight = random(50, 8)
    codes, restored = clinic.codes_and_back(weight, scale, zero_point)
    oracle = torch.quantize_per_tensor(weight, scale, zero_point, torch.quint8)
    assert torch.equal(codes, oracle.int_repr())
    assert torch.allclose(restored, oracle.dequantize())


def test_a_stretched_weight_comes_back_within_half_a_step() -> None:
    weight = 3 * random(20, 10) - 1
    codes, low, high = clinic.stretch_to_int8(weight)
    assert (codes.min(), codes.max(), low, high) == (-128, 127, weight.min().item(), weight.max().item())
    restored = low + (codes.float() + 128) / 255 * (high - low)
    assert (restored - weight).abs().max() <= (high - low) / 510 * (1 + 1e-4)


def test_equal_weights_are_stretched_to_the_smallest_code() -> None:
    assert clinic.stretch_to_int8(torch.full((3,), 0.5))[0].tolist() == [-128] * 3


# ---- distillation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_divergences_are_those_of_torch_distributions(temperature: float) -> None:
    student, teacher = 2 * random(6, 5), 2 * random(6, 5, seed=1)
    p, q = (Categorical(logits=logits / temperature) for logits in (teacher, student))
    oracle = temperature**2 * kl_divergence(p, q).mean()
    assert torch.allclose(clinic.tempered_loss(student, teacher, temperature), oracle, atol=1e-6)
    if temperature == 1:
        assert torch.allclose(clinic.soft_loss(student, teacher), oracle, atol=1e-6)


def test_at_high_temperature_the_gradient_is_that_of_the_centred_logits() -> None:
    """Hinton et al. 2015, section 2.1: it tends to (student - teacher) / classes, whatever T is."""
    student, teacher = random(4, 5), random(4, 5, seed=1)
    student, teacher = (logits - logits.mean(dim=1, keepdim=True) for logits in (student, teacher))
    student.requires_grad_()
    clinic.tempered_loss(student, teacher, 1000.0).backward()
    assert student.grad is not None
    assert torch.allclose(student.grad, (student.detach() - teacher) / 5 / 4, atol=1e-3)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_the_mixture_is_that_of_its_terms_and_leaves_the_teacher_alone(alpha: float) -> None:
    student, teacher, labels = random(6, 5), random(6, 5, seed=1), torch.arange(6) % 5
    student.requires_grad_()
    teacher.requires_grad_()
    loss = clinic.mixed_loss(student, teacher, labels, alpha=alpha)
    soft = kl_divergence(Categorical(logits=teacher), Categorical(logits=student)).mean()
    assert torch.allclose(loss, alpha * soft + (1 - alpha) * F.cross_entropy(student, labels), atol=1e-6)
    loss.backward()
    assert teacher.grad is None and student.grad is not None and bool((student.grad != 0).any())
