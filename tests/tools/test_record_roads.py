"""Roads of tools/record_roads.py that store a file of their own, or quantize in their own way."""

import math

import pytest
import torch

from tools import record_roads as roads

BLOCKS = 40


@pytest.fixture
def coded():
    torch.manual_seed(0)
    model = roads.RandomCode(roads.narrow(), BLOCKS)
    model.freeze_prior_()
    for _ in range(BLOCKS):
        model.code_()
    return model


def test_random_code_comes_back_as_it_was_drawn(coded):
    state = roads.decode_random_code(coded.file())
    assert [tensor.shape for tensor in state.values()] == coded.shapes
    together = torch.cat([tensor.flatten() for tensor in state.values()])
    torch.testing.assert_close(together, coded.value, rtol=0, atol=0)
    assert not coded.free.any()
    assert together.count_nonzero() == len(together)


def test_random_code_costs_its_bits_and_a_header(coded):
    prior = 2 * len(coded.shapes)
    assert len(coded.file()) == roads.HEADER.size + prior + math.ceil(BLOCKS * roads.BLOCK_BITS / 8)


def test_coded_network_answers_without_noise(coded):
    inputs = torch.rand(3, 1, 28, 28)
    net = roads.narrow()
    net.load_state_dict(roads.decode_random_code(coded.file()))
    torch.testing.assert_close(coded(inputs), net(inputs), rtol=1e-4, atol=1e-3)


def test_draw_follows_the_likelihood():
    """Where the posterior is narrow around one of the candidates, that one is taken."""
    torch.manual_seed(0)
    model = roads.RandomCode(roads.narrow(), BLOCKS)
    model.freeze_prior_()
    at = (model.block_of == 0).nonzero().flatten()
    with torch.no_grad():
        model.mean[at] = roads.candidates(0, len(at))[77] * model.prior[model.tensor_of[at]].exp()
    model.code_()
    assert model.codes == [77]


def test_nats_are_those_of_two_normal_distributions():
    model = roads.RandomCode(roads.narrow(), BLOCKS)
    prior = model.prior[model.tensor_of].exp()
    normal = torch.distributions.Normal
    each = torch.distributions.kl_divergence(
        normal(model.mean, (model.noise / 2).exp()), normal(torch.zeros_like(model.mean), prior)
    )
    expected = torch.stack([each[model.block_of == block].sum() for block in range(BLOCKS)])
    torch.testing.assert_close(model.nats(), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "change", [lambda f: f[:-1], lambda f: f + b"\0", lambda f: b"XX" + f[2:], lambda f: f[:3]]
)
def test_damaged_random_code_is_refused(coded, change):
    with pytest.raises(ValueError, match=r"random codes|cut off or damaged"):
        roads.decode_random_code(change(coded.file()))


def test_learned_steps_round_to_few_integers():
    model = roads.Stepped(roads.narrow())
    plain = model.values()
    model.begin_()
    for step, (name, value) in zip(model.steps, model.values().items(), strict=True):
        codes = (value / step).detach()
        torch.testing.assert_close(codes, codes.round(), rtol=0, atol=1e-4)
        assert codes.abs().max().round() == roads.LARGEST
        assert not torch.equal(value, plain[name])


def test_gradient_of_a_learned_step_is_that_of_its_formula():
    """Section 2.1: -w / s + round(w / s) inside the range, the bound outside; times 1 / sqrt(N * largest)."""
    model = roads.Stepped(roads.narrow())
    model.begin_()
    name, weight = next(iter(model.weights.items()))
    model.values()[name].sum().backward()
    scaled = (weight / model.steps[0]).detach()
    inside = scaled.abs() < roads.LARGEST
    each = torch.where(inside, scaled.round() - scaled, scaled.sign() * roads.LARGEST)
    expected = each.sum() / math.sqrt(weight.numel() * roads.LARGEST)
    torch.testing.assert_close(model.steps[0].grad, expected, rtol=1e-3, atol=1e-3)
    assert torch.equal(weight.grad, inside.float())


def test_draw_is_weighed_against_the_prior():
    """Where posterior and prior are the same, a draw near the mean is no likelier than others."""
    torch.manual_seed(0)
    model = roads.RandomCode(roads.narrow(), BLOCKS)
    model.freeze_prior_()
    with torch.no_grad():
        model.mean.zero_()
        model.noise.copy_(2 * model.prior[model.tensor_of])
    for _ in range(5):
        model.code_()
    counts = [int((model.block_of == block).sum()) for block in range(5)]
    nearest = [int(roads.candidates(b, count).square().sum(dim=1).argmin()) for b, count in enumerate(counts)]
    assert all(code != near for code, near in zip(model.codes, nearest, strict=True))
