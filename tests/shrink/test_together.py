"""A network that pays for its bits: its parts against plain loops, and one that becomes as small as asked."""

import doctest
import math

import pytest
import torch

from shrink import data, nets, together
from shrink.integer_file import GRIDS, decode_integers
from shrink.together import PricedNet, bit_prices, moved_views, narrow, shrink_, smallest_files, sort_units_


def few(count=400, views=2):
    """Views of a few training images, with logits of a teacher that knows the labels."""
    digits = data.mnist("train").take(slice(0, count))
    generator = torch.Generator().manual_seed(0)
    logits = 5 * torch.nn.functional.one_hot(digits.labels, 10).float()
    return moved_views(digits.images, views, generator=generator), logits.expand(views, -1, -1), digits.labels


def priced(name, units, coarseness=1.0):
    net = narrow(name, units, generator=torch.Generator().manual_seed(0))
    return PricedNet(name, net, coarseness=[coarseness] * len(GRIDS[name]))


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(together).failed == 0


def test_the_first_view_is_the_image_and_the_others_are_near_it():
    images = data.mnist("train").images[:50]
    views = moved_views(images, 3, generator=torch.Generator().manual_seed(0))
    assert views.shape == (3, 50, 1, 28, 28) and views.dtype == torch.uint8
    assert torch.equal(views[0], images)
    change = (views[1].float() - images.float()).abs().mean()
    assert 0 < change < images.float().mean()
    assert not torch.equal(views[1], views[2])


@pytest.mark.parametrize(("name", "units"), [("lenet_300_100", (7, 5)), ("lenet_5", (2, 3, 4))])
def test_a_narrow_network_has_the_layers_of_the_whole_one(name, units):
    net = narrow(name, units, generator=torch.Generator().manual_seed(0))
    assert [type(layer) for layer in net] == [type(layer) for layer in nets.NETS[name]()]
    assert net(torch.zeros(3, 1, 28, 28)).shape == (3, 10)
    outputs = [len(net[int(layer)].weight) for layer in GRIDS[name]]
    assert outputs == [*units, 10]


def test_narrow_with_all_units_is_the_whole_network():
    net = narrow("lenet_5", (20, 50, 500), generator=torch.Generator().manual_seed(0))
    shapes = {key: tensor.shape for key, tensor in nets.lenet_5().state_dict().items()}
    assert {key: tensor.shape for key, tensor in net.state_dict().items()} == shapes


def test_prices_are_those_of_plain_loops():
    codes = torch.tensor([[1.0, 0.0, -2.0, 1.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]])
    price, bits = bit_prices(codes, (3, 4, 1, 1))
    mean, total, found = (5 + 1) / (12 + 2), 0.0, torch.zeros(3, 4)
    values = (4 * math.log2(5 / 4 * 1.0) + 1 * math.log2(5)) / 5  # 1, 1, 1, 1 and -2: entropy a weight
    for row in range(3):
        for column in range(4):
            of_row = (float((codes[row] != 0).sum()) + 4 * mean) / 8
            of_column = (float((codes[:, column] != 0).sum()) + 2 * mean) / 5
            logit = sum(math.log(p / (1 - p)) for p in (of_row, of_column)) - math.log(mean / (1 - mean))
            likely = 1 / (1 + math.exp(-logit))
            found[row, column] = math.log2((1 - likely) / likely) + values
            total -= math.log2(likely if codes[row, column] else 1 - likely)
    assert torch.allclose(price, found, atol=1e-4)
    assert abs(bits - total - 5 * values) < 1e-3


def test_a_place_where_rows_and_columns_are_full_is_cheaper():
    codes = torch.zeros(20, 20)
    codes[:10, :10] = torch.ones(10, 10)
    codes[3, 3] = 0
    price, _ = bit_prices(codes, (20, 20, 1, 1))
    assert price[3, 3] < price[3, 15] and price[3, 3] < price[15, 15]


@pytest.mark.parametrize(("name", "units"), [("lenet_300_100", (9, 6)), ("lenet_5", (3, 4, 5))])
def test_the_file_answers_as_the_network_that_was_trained(name, units):
    """Up to a positive factor on the logits, which the file does not hold."""
    model = priced(name, units)
    model.reprice_()
    back_name, state = decode_integers(model.file())
    net = nets.NETS[name]()
    net.load_state_dict(state)
    inputs = torch.randn(20, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        here, there = model(inputs), net(inputs)
    assert back_name == name
    factor = (here * there).sum() / (there * there).sum()
    assert factor > 0 and torch.allclose(here, there * factor, rtol=1e-3, atol=1e-4 * float(here.abs().max()))


def test_the_gradient_passes_as_if_nothing_had_been_rounded():
    model = priced("lenet_300_100", (9, 6))
    model(torch.ones(2, 1, 28, 28)).square().sum().backward()
    weight = model.layers["1"].weight
    dead = model.codes("1") == 0
    assert dead.any() and bool((weight.grad[dead] != 0).any())


def test_paying_pushes_every_weight_towards_zero_and_the_dear_ones_more():
    model = priced("lenet_300_100", (9, 6))
    model.reprice_()
    for layer in model.layers.values():
        layer.weight.grad = torch.zeros_like(layer.weight)
    model.pay_(1e-3)
    weight, price = model.layers["1"].weight, model.get_buffer("price_1")
    assert torch.equal(weight.grad.sign(), weight.detach().sign())
    small = model.scaled("1").abs() < 1
    dear = price > price[small].median()
    assert weight.grad[small & dear].abs().mean() > weight.grad[small & ~dear].abs().mean()


def test_sorting_units_changes_no_answer():
    generator = torch.Generator().manual_seed(0)
    model = priced("lenet_5", (4, 5, 6))
    weights = {key: model.codes(key) for key in model.layers}
    weights["0"][1] = 0  # a channel that sees nothing
    biases = {key: torch.zeros(len(weight)) for key, weight in weights.items()}
    inputs = torch.randn(8, 1, 28, 28, generator=generator)
    names = [f"{key}.{kind}" for key in weights for kind in ("weight", "bias")]

    def answers():
        units = [len(weights[key]) for key in weights][:-1]
        net = narrow("lenet_5", units, generator=generator)
        values = [value for key in weights for value in (weights[key], biases[key])]
        net.load_state_dict(dict(zip(names, values, strict=True)))
        return net(inputs)

    before = answers()
    sort_units_(weights, biases)
    assert len(weights["0"]) == 3
    counts = weights["5"].count_nonzero(dim=1)
    assert torch.equal(counts, counts.sort(descending=True).values)
    assert torch.allclose(answers(), before, rtol=1e-4, atol=1e-3)


def test_a_network_becomes_as_small_as_asked_and_goes_on_where_it_was_killed(tmp_path):
    images = few()
    options = {"units": (16, 8), "coarseness": (1.0, 1.0, 1.0), "steps": 1_500, "rate": 4e-3, "seed": 0}
    files = smallest_files("lenet_300_100", images, [700], **options, place=tmp_path / "net")
    assert abs(len(files[0]) - 700) < 70
    state = torch.load(tmp_path / "net.0", weights_only=True)
    assert state["numbers"][0] == 1_500 and state["cpu_seconds"] > 0
    again = smallest_files("lenet_300_100", images, [700], **options, place=tmp_path / "net")
    assert again == files  # nothing is trained: all of it was kept


def test_a_killed_training_ends_as_one_that_was_not(tmp_path, monkeypatch):
    images = few(100)
    kept = []
    options = {"size": 200, "steps": 1_100, "rate": 1e-3, "seed": 0, "lead": 2, "looks": 4}
    whole = shrink_(priced("lenet_300_100", (5, 4)), images, **options)
    keep = together._keep

    def die(place, **content):
        keep(place, **content)
        kept.append(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(together, "_keep", die)
    options["place"] = tmp_path / "net"
    with pytest.raises(KeyboardInterrupt):
        shrink_(priced("lenet_300_100", (5, 4)), images, **options)
    monkeypatch.setattr(together, "_keep", keep)
    assert kept and shrink_(priced("lenet_300_100", (5, 4)), images, **options) == whole
