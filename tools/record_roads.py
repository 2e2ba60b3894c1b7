"""Other roads to a small LeNet-300-100 than that of the records: data/results/record_roads.json.

    python -m tools.record_roads        about ten minutes of CPU time

Each road starts from the same narrow network, sees the same views of the same 50,000 training images and the
same teacher for as many steps as the recipe of R1, and is tested on the 10,000 training images left out. So
that the roads can be compared, bytes are those of the course's general file, `encode_network`, which knows no
architecture; the recipe's own file is smaller.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shrink import data, nets, pruning, together, training, weight_sharing
from shrink.distillation import distillation_loss
from tools import record_smallest, records, results

NET, SEED = "lenet_300_100", 0
RECIPE = record_smallest.RECIPES[NET]
STEPS = RECIPE["steps"] * 6 // 5  # those of the recipe in full precision among them
SPARSITIES, SHARED_BITS = (0.94, 0.9), 4  # of the road by magnitude
PRICES = (1.0, 4.0)  # of a nat of the variational road
RATES = (4e-3, 1e-3)
SURE = 3.0  # log alpha from which on a weight is noise
State = dict[str, Tensor]


def steps_of(
    model: nn.Module, learn: together.Data, rate: float
) -> Iterator[tuple[float, torch.optim.Optimizer, tuple[Tensor, Tensor, Tensor]]]:
    """How far training has come, the optimizer at its learning rate, a batch; then the step is made."""
    optimizer = torch.optim.Adam(model.parameters(), betas=together.BETAS)
    for step, batch in enumerate(together.batches(learn, range(STEPS), seed=SEED)):
        progress = step / STEPS
        optimizer.param_groups[0]["lr"] = rate * min(1, 50 * progress, 2 - 2 * progress)
        optimizer.zero_grad()
        yield progress, optimizer, batch
        optimizer.step()


def narrow() -> nn.Sequential:
    return together.narrow(NET, RECIPE["units"], generator=torch.Generator().manual_seed(SEED))


def by_price(learn: together.Data, *, largest: int) -> State:
    """The recipe of the records, in one training for R1's size."""
    options = {key: RECIPE[key] for key in ("units", "coarseness", "steps", "rate")}
    size = RECIPE["records"]["R1"]
    return records.decoded(
        together.smallest_files(NET, learn, [size], **options, seed=SEED, largest=largest)[0]
    )[1]


def by_magnitude(learn: together.Data, *, sparsity: float, rate: float) -> State:
    """Prunes the smallest weights while it trains; what is left shares a few values in the file."""
    net, masks = narrow(), dict[str, Tensor]()
    weights = {name: p.detach() for name, p in net.named_parameters() if p.dim() > 1}
    for number, (progress, _, (inputs, logits, labels)) in enumerate(steps_of(net, learn, rate)):
        pruning.apply_masks_(net, masks)
        if number % 50 == 0 and progress <= 0.7:
            end = int(0.7 * STEPS)
            now = pruning.polynomial_sparsity(min(number + 50, end), start=0, end=end, final=sparsity)
            masks = pruning.global_magnitude_masks(weights, now)
        distillation_loss(net(inputs), logits, labels, temperature=1, alpha=0.5).backward()
    pruning.apply_masks_(net, masks)
    return net.state_dict()


class Noisy(nn.Module):
    """A network whose weights are normal variables: the noisier a weight may be, the fewer bits it is worth.

    Source: Molchanov et al. 2017, "Variational Dropout Sparsifies Deep Neural Networks", section 4.
    """

    def __init__(self, net: nn.Sequential) -> None:
        super().__init__()
        self.net, self.layers = net, [layer for layer in net if isinstance(layer, nn.Linear)]
        self.noise = nn.ParameterList(torch.full_like(layer.weight, -10.0) for layer in self.layers)

    def log_alphas(self) -> list[Tensor]:
        """Of each layer: the logarithm of variance over mean square."""
        pairs = zip(self.noise, self.layers, strict=True)
        return [(noise - 2 * (layer.weight.abs() + 1e-8).log()).clamp(-8, 8) for noise, layer in pairs]

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits; the noise is drawn for each unit's answer, not for each weight (section 4.1)."""
        values = inputs.flatten(1)
        for at, (layer, noise) in enumerate(zip(self.layers, self.noise, strict=True)):
            values = F.relu(values) if at else values
            spread = (values.square() @ noise.exp().T + 1e-8).sqrt()
            values = layer(values) + spread * torch.randn_like(spread)
        return values

    def nats(self) -> Tensor:
        """What all weights cost: the approximation of the divergence in section 4.2."""
        total = torch.zeros(())
        for log_alpha in self.log_alphas():
            curve = 0.63576 * (torch.sigmoid(1.87320 + 1.48695 * log_alpha) - 1)
            total = total - (curve - 0.5 * F.softplus(-log_alpha)).sum()
        return total


def variational(learn: together.Data, *, price: float, rate: float) -> State:
    """Learns how noisy each weight may be, and prunes those that are noise."""
    torch.manual_seed(SEED)
    net = narrow()
    model, images = Noisy(net), len(learn[2])
    for progress, _, (inputs, logits, labels) in steps_of(model, learn, rate):
        loss = distillation_loss(model(inputs), logits, labels, temperature=1, alpha=0.5)
        (loss + price * min(1.0, progress / 0.4) * model.nats() / images).backward()
    for layer, log_alpha in zip(model.layers, model.log_alphas(), strict=True):
        layer.weight.data[log_alpha > SURE] = 0
    return net.state_dict()


def roads() -> list[tuple[str, Callable[[together.Data], State]]]:
    """Title and training of each road."""
    found: list[tuple[str, Callable[[together.Data], State]]] = [
        ("price of bits: the recipe", lambda learn: by_price(learn, largest=3)),
        ("price of bits, ternary: -1, 0, 1", lambda learn: by_price(learn, largest=1)),
    ]
    for rate in RATES:
        for sparsity in SPARSITIES:
            title = f"magnitude, sparsity {sparsity:g}, then k-means; rate {rate:g}"
            found.append(
                (title, lambda learn, s=sparsity, r=rate: by_magnitude(learn, sparsity=s, rate=r))  # type: ignore
            )
        for price in PRICES:
            title = f"variational, a nat costs {price:g}, then k-means; rate {rate:g}"
            found.append((title, lambda learn, p=price, r=rate: variational(learn, price=p, rate=r)))  # type: ignore
    return found


def tested(state: State, left_out: data.Split) -> tuple[int, int, float]:
    """Weights, bytes of the general file, error in percent of the network that comes out of it."""
    file = weight_sharing.encode_network(state, bits=SHARED_BITS)
    back = weight_sharing.decode_network(file)
    wide = any(len(tensor) > 100 for tensor in back.values())
    net = nets.NETS[NET]() if wide else narrow()
    net.load_state_dict(back)
    wrong = 100 - 100 * training.accuracy(net, left_out, dataset="mnist")
    weights = sum(int(tensor.count_nonzero()) for tensor in back.values() if tensor.dim() > 1)
    return weights, len(file), wrong


def main() -> None:
    torch.set_num_threads(1)
    views, logits, labels = record_smallest.training_data(NET)
    part, kept = record_smallest.split(len(labels))
    left_out = data.mnist("train").take(kept)
    rows: list[list[Any]] = []
    for title, train in roads():
        begun = time.process_time()
        state = train((views[:, part], logits[:, part], labels[part]))
        weights, size, wrong = tested(state, left_out)
        rows.append([title, weights, size, f"{wrong:.2f}", round(time.process_time() - begun)])
        print(rows[-1], flush=True)
    content = {
        "columns": ["road", "weights left", "general file, bytes", "error, %", "CPU-seconds"],
        "rows": rows,
        "conditions": f"LeNet-300-100, {RECIPE['units'][0]} and {RECIPE['units'][1]} units at first, "
        f"{STEPS:,} steps of {together.BATCH} images, seed {SEED}; error on 10,000 training images left out.",
    }
    results.write(Path(__file__).stem, content, made_by=__file__)


if __name__ == "__main__":
    main()
