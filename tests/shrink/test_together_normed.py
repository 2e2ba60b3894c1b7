"""Networks with batch norm that pay for their bits: what is stored answers as what was trained."""

import functools

import pytest
import torch

from shrink import data, nets, training
from shrink.normed_file import codes_of, decode_normed
from shrink.together_normed import PricedNormNet, colour_views, smallest_normed_files

NAMES = ["resnet_8", "student"]


def few(count=512):
    """Some training images, and a teacher that knows the labels."""
    images, labels = data.cifar10("train").take(slice(0, count))
    return images[None], 5 * torch.nn.functional.one_hot(labels, 10).float()[None], labels


@functools.cache
def priced(name):
    model = PricedNormNet(name, training.load_checkpoint(name), coarseness=0.5)
    model.reprice_()
    return model


@functools.cache
def stored(name):
    return priced(name).file()


def agreement(first, second):
    return float((first.argmax(dim=1) == second.argmax(dim=1)).float().mean())


@pytest.mark.parametrize("name", NAMES)
def test_the_file_answers_as_the_network_that_was_trained(name):
    back_name, state = decode_normed(stored(name))
    net = nets.NETS[name]().eval()
    net.load_state_dict(state)
    images = data.cifar10("test").images[:200]
    model = priced(name).eval()
    try:
        with torch.no_grad():
            here = model(data.to_float(images, "cifar10"))
    finally:
        model.train()
    there = training.predict(net, images, dataset="cifar10")
    assert back_name == name and agreement(here, there) > 0.93
    assert torch.corrcoef(torch.stack([here.flatten(), there.flatten()]))[0, 1] > 0.99


@pytest.mark.parametrize("name", NAMES)
def test_scaling_weights_before_a_norm_changes_no_answer(name):
    images = data.cifar10("test").images[:100]
    before = training.predict(training.load_checkpoint(name), images, dataset="cifar10")
    fresh = PricedNormNet(
        name, training.load_checkpoint(name), coarseness=0.5
    )  # filters rounded, weights not
    assert agreement(before, training.predict(fresh.net, images, dataset="cifar10")) > 0.95


def test_filters_that_are_not_trained_are_stored_to_a_64th_of_their_range():
    model, codes = priced("student"), codes_of(stored("student"))
    weight = training.load_checkpoint("student").whiten.weight.detach()
    assert "whiten" not in model.layers and codes["whiten"].abs().max() <= 63
    _, state = decode_normed(stored("student"))
    widest = weight.abs().amax(dim=(1, 2, 3), keepdim=True)
    assert ((state["whiten.weight"] - weight).abs() / widest).max() < 1 / 50
    assert codes["whiten"].abs().max() > 25


def test_settling_takes_the_statistics_of_the_rounded_network():
    model = PricedNormNet("resnet_8", training.load_checkpoint("resnet_8"), coarseness=0.5)
    learn = few()
    momentum = model.norms["conv"].momentum
    before = model.norms["stages.2.0.conv2"].running_var.clone()
    model.settle_(learn, seed=0)
    norm = model.norms["stages.2.0.conv2"]
    assert norm.momentum == momentum and not torch.allclose(norm.running_var, before, rtol=1e-3)


def test_a_dead_unit_costs_next_to_nothing_and_keeps_its_shift():
    model = PricedNormNet("resnet_8", training.load_checkpoint("resnet_8"), coarseness=0.5)
    model.layers["stages.1.0.conv1"].weight.data[:8] = 0
    small = model.file()
    _, state = decode_normed(small)
    assert not state["stages.1.0.conv1.weight"][:8].any()
    assert state["stages.1.0.bn1.bias"][:8].any() and len(small) < len(stored("resnet_8"))


def test_a_run_that_was_finished_is_read_and_not_made_again(tmp_path):
    options = {"coarseness": 0.5, "steps": (25, 25), "rate": 1e-3, "seed": 0, "place": tmp_path / "run"}
    files = smallest_normed_files("resnet_8", few(), [20_000, 16_000], **options)
    assert [decode_normed(file)[0] for file in files] == ["resnet_8"] * 2 and files[0] != files[1]
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert smallest_normed_files("resnet_8", few(), [20_000, 16_000], **options) == files
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept


def test_a_run_goes_on_from_the_network_of_another(tmp_path):
    options = {"coarseness": 0.5, "rate": 0.0, "seed": 0}
    state = PricedNormNet("student", training.load_checkpoint("student"), coarseness=0.5).state_dict()
    name = max((key for key in state if key.startswith("net.")), key=lambda key: state[key].numel())
    state[name].zero_()
    torch.save({"model": state}, tmp_path / "before.0")
    went_on = smallest_normed_files(
        "student", few(), [33_000], steps=[1], start=tmp_path / "before.0", **options
    )[0]
    plain = smallest_normed_files("student", few(), [33_000], steps=[1], **options)[0]
    empty, full = (sum(int((codes == 0).all()) for codes in codes_of(f).values()) for f in (went_on, plain))
    assert (empty, full) == (1, 0)


def test_views_are_moved_and_mirrored_images():
    images = data.cifar10("train").images[:20]
    views = colour_views(images, 2, generator=torch.Generator().manual_seed(0))
    assert views.shape == (2, 20, 3, 32, 32) and views.dtype == torch.uint8
    assert not torch.equal(views[0], views[1])
    assert views.float().mean() == pytest.approx(images.float().mean().item(), rel=0.05)
