"""The training loop: it learns, repeats itself, and goes on after a kill."""

import json

import pytest
import torch
from torch import nn

from shrink import training
from shrink.data import DataError, Split, mnist
from shrink.nets import NETS


def toy_split(count: int = 200) -> Split:
    """Two kinds of images, a bright left half or a bright right half."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 60, (count, 1, 8, 8), generator=generator, dtype=torch.uint8)
    labels = torch.arange(count) % 2
    images[labels == 0, :, :, :4] += 120
    images[labels == 1, :, :, 4:] += 120
    return Split(images, labels)


def toy_net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))


def train(model: nn.Module, **changes: object) -> list[float]:
    settings = {"dataset": "mnist", "epochs": 4, "learning_rate": 0.05, "batch_size": 50, "progress": False}
    return training.train_(model, toy_split(), **(settings | changes))


def states_equal(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_training_learns_and_ends_in_eval_mode():
    model = toy_net()
    losses = train(model)
    assert losses[-1] < losses[0] / 2 and not model.training
    assert training.accuracy(model, toy_split(), dataset="mnist") == 1.0


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, second, other = toy_net(), toy_net(), toy_net()
    train(first, shift=1, seed=1)
    train(second, shift=1, seed=1)
    train(other, shift=1, seed=2)
    assert states_equal(first, second) and not states_equal(first, other)


def test_a_killed_run_goes_on_behind_its_last_epoch(tmp_path):
    """Killed in the third epoch, resumed: bit for bit the weights of an undisturbed run."""
    undisturbed, killed = toy_net(), toy_net()
    train(undisturbed, shift=1)
    steps = []

    def die_in_the_third_epoch() -> None:
        steps.append(1)
        if len(steps) == 10:  # four steps an epoch
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(killed, shift=1, resume=tmp_path / "state", after_step=die_in_the_third_epoch)
    resumed = toy_net(seed=5)
    losses = train(resumed, shift=1, resume=tmp_path / "state")
    assert len(losses) == 2
    assert states_equal(resumed, undisturbed)


def test_after_step_keeps_pruned_weights_at_zero():
    model = toy_net()
    mask = torch.zeros(8, 64, dtype=torch.bool)

    @torch.no_grad()
    def zero() -> None:
        model[1].weight.mul_(mask)

    train(model, after_step=zero)
    assert model[1].weight.count_nonzero() == 0


def test_bf16_trains_too():
    model = toy_net()
    train(model, bf16=True)
    assert training.accuracy(model, toy_split(), dataset="mnist") == 1.0


def test_one_cycle_rises_to_one_and_falls_to_zero():
    factors = [training.one_cycle(step / 100) for step in range(101)]
    assert factors[0] == 0 and factors[20] == 1 and abs(factors[100]) < 1e-12
    assert factors[:21] == sorted(factors[:21]) and factors[20:] == sorted(factors[20:], reverse=True)


def test_augmentation_moves_and_mirrors_and_invents_no_pixel():
    image = torch.arange(25, dtype=torch.uint8).view(1, 1, 5, 5)
    images = image.expand(200, 1, 5, 5)
    moved = training.augment(images, shift=1, flip=True, generator=torch.Generator().manual_seed(0))
    kinds = moved.flatten(1).unique(dim=0)
    assert len(kinds) == 2 * 9  # mirrored or not, nine positions
    assert any(torch.equal(kind.view(5, 5), image[0, 0]) for kind in kinds)
    assert any(torch.equal(kind.view(5, 5), image[0, 0].flip(1)) for kind in kinds)
    expected = torch.nn.functional.pad(image.float(), (1, 1, 1, 1), mode="reflect")[0, 0, 2:7, 0:5]
    assert any(torch.equal(kind.view(5, 5).float(), expected) for kind in kinds)


def test_without_augmentation_images_stay_as_they_are():
    images = toy_split().images
    assert training.augment(images, shift=0, flip=False, generator=torch.Generator()) is images


def test_predict_leaves_the_mode_as_it_was():
    model = toy_net().train()
    training.predict(model, toy_split().images, dataset="mnist")
    assert model.training


def card_of(name: str) -> dict[str, object]:
    if not (training.CHECKPOINTS / f"{name}.json").exists():
        pytest.skip(f"{name} is not trained yet: python tools/train_checkpoints.py {name}")
    return training.checkpoint_card(name)


@pytest.mark.parametrize("name", NETS)
def test_every_checkpoint_loads_and_its_card_says_how_it_was_made(name):
    card, model = card_of(name), training.load_checkpoint(name)
    assert not model.training
    assert card["parameters"] == sum(p.numel() for p in model.parameters())
    assert card["file_bytes"] == (training.CHECKPOINTS / f"{name}.safetensors").stat().st_size
    assert card["test_images"] == 10_000
    assert {"recipe", "cpu_seconds", "dataset", "training_images", "torch"} <= card.keys()


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("lenet_300_100", 0.984),
        ("lenet_5", 0.992),
        ("resnet_8", 0.87),
        ("student", 0.90),
        ("resnet_20", 0.915),
        ("teacher", 0.935),
    ],
)
def test_every_checkpoint_is_as_accurate_as_the_course_needs(name, at_least):
    assert card_of(name)["test_accuracy"] >= at_least


def test_the_card_of_lenet_300_100_states_its_measured_accuracy():
    measured = training.accuracy(training.load_checkpoint("lenet_300_100"), mnist("test"), dataset="mnist")
    assert abs(measured - training.checkpoint_card("lenet_300_100")["test_accuracy"]) <= 0.0002


def test_an_unknown_or_damaged_checkpoint_is_named(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="'lenet'"):
        training.load_checkpoint("lenet")
    monkeypatch.setattr(training, "CHECKPOINTS", tmp_path)
    with pytest.raises(DataError, match=r"lenet_5\.safetensors: missing.*git checkout"):
        training.load_checkpoint("lenet_5")
    (tmp_path / "lenet_5.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    with pytest.raises(DataError, match=r"lenet_5\.safetensors.*damaged"):
        training.load_checkpoint("lenet_5")


def test_cards_are_readable_json():
    for path in training.CHECKPOINTS.glob("*.json"):
        assert json.loads(path.read_text())["name"] == path.stem
