"""Other roads to a small LeNet-300-100 than that of the records: data/results/record_roads.json.

    python -m tools.record_roads        about fifteen minutes of CPU time

Each road starts from the same narrow network, sees the same views of the same 50,000 training images and the
same teacher for as many steps as the recipe of R1, and is tested on the 10,000 training images left out. So
that the roads can be compared, bytes are those of the course's general file, `encode_network`, which knows no
architecture; the recipe's own file is smaller. Random codes alone have a file of their own: no weight of
theirs has a code that the general file could hold.
"""

import math
import struct
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from shrink import data, nets, pruning, together, training, weight_sharing
from shrink.distillation import distillation_loss
from tools import record_smallest, records, results

NET, SEED = "lenet_300_100", 0
RECIPE = record_smallest.RECIPES[NET]
STEPS = RECIPE["steps"] * 6 // 5  # those of the recipe in full precision among them
SPARSITIES, SHARED_BITS = (0.94, 0.9), 4  # of the road by magnitude
LARGEST, STEPS_FROM = 3, 0.5  # of the road by learned steps: largest integer, when rounding begins
PRICES = (1.0, 4.0)  # of a nat of the variational road
SIZES, BLOCK_BITS = (2_500, 5_000), 10  # of the road by random codes: bytes of its file, bits of a block
CODING_FROM = 0.6  # of the training; from there on one block after the other becomes the number of a draw
RATES = (4e-3, 1e-3)
SURE = 3.0  # log alpha from which on a weight is noise
MAGIC = b"RC"
HEADER = struct.Struct("<2s2BH")  # magic, units of the two hidden layers, blocks
State = dict[str, Tensor]


def steps_of(
    model: nn.Module, learn: together.Data, rate: float
) -> Iterator[tuple[float, tuple[Tensor, Tensor, Tensor]]]:
    """How far training has come, from 0 to 1, and a batch; when it is taken back the step is made."""
    optimizer = torch.optim.Adam(model.parameters(), betas=together.BETAS)
    for step, batch in enumerate(together.batches(learn, range(STEPS), seed=SEED)):
        progress = step / STEPS
        optimizer.param_groups[0]["lr"] = rate * min(1, 50 * progress, 2 - 2 * progress)
        optimizer.zero_grad()
        yield progress, batch
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


class Stepped(nn.Module):
    """A network that, once told to, rounds its weights to multiples of a step that each layer learns.

    Source: Esser et al. 2020, "Learned Step Size Quantization", sections 2.1 to 2.3.
    """

    def __init__(self, net: nn.Sequential) -> None:
        super().__init__()
        self.net, self.rounds = net, False
        self.weights = {name: each for name, each in net.named_parameters() if each.dim() > 1}
        self.steps = nn.ParameterList(torch.ones(()) for _ in self.weights)

    @torch.no_grad()
    def begin_(self) -> None:
        """From now on weights are rounded; a layer's first step follows from the weights it has left."""
        self.rounds = True
        for step, weight in zip(self.steps, self.weights.values(), strict=True):
            step.fill_(2 * weight[weight != 0].abs().mean() / math.sqrt(LARGEST))

    def values(self) -> State:
        """The weights as they count: name -> value, with the gradients of section 2.1."""
        if not self.rounds:
            return dict(self.weights)
        found = {}
        for step, (name, weight) in zip(self.steps, self.weights.items(), strict=True):
            # Section 2.2 scales the gradient of a step, for SGD; Adam takes such a factor out again.
            slow = 1 / math.sqrt(weight.numel() * LARGEST)
            step = step * slow + (step - step * slow).detach()
            scaled = (weight / step).clamp(-LARGEST, LARGEST)
            found[name] = (scaled + (scaled.round() - scaled).detach()) * step
        return found

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = torch.func.functional_call(self.net, self.values(), (inputs,))
        return logits


def by_magnitude(learn: together.Data, *, sparsity: float, rate: float, learned_steps: bool) -> State:
    """Prunes the smallest weights while it trains; what is left shares a few values, or has learned steps."""
    net, masks = narrow(), dict[str, Tensor]()
    model = Stepped(net)
    weights = {name: weight.detach() for name, weight in model.weights.items()}
    for number, (progress, (inputs, logits, labels)) in enumerate(steps_of(model, learn, rate)):
        pruning.apply_masks_(net, masks)
        if number % 50 == 0 and progress <= 0.7:
            end = int(0.7 * STEPS)
            now = pruning.polynomial_sparsity(min(number + 50, end), start=0, end=end, final=sparsity)
            masks = pruning.global_magnitude_masks(weights, now)
        if learned_steps and progress >= STEPS_FROM and not model.rounds:
            model.begin_()
        distillation_loss(model(inputs), logits, labels, temperature=1, alpha=0.5).backward()
    pruning.apply_masks_(net, masks)
    return net.state_dict() | {name: value.detach() for name, value in model.values().items()}


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
    for progress, (inputs, logits, labels) in steps_of(model, learn, rate):
        loss = distillation_loss(model(inputs), logits, labels, temperature=1, alpha=0.5)
        (loss + price * min(1.0, progress / 0.4) * model.nats() / images).backward()
    for layer, log_alpha in zip(model.layers, model.log_alphas(), strict=True):
        layer.weight.data[log_alpha > SURE] = 0
    return net.state_dict()


class RandomCode(nn.Module):
    """A network whose weights are normal variables, in blocks; each block becomes the number of a draw.

    Reader and writer draw the same candidates from the prior. A block costs `BLOCK_BITS` bits whatever it
    holds, and no weight has a code of its own.

    Source: Havasi et al. 2019, "Minimal Random Code Learning", algorithms 1 and 2; without hashed weights.
    """

    def __init__(self, net: nn.Sequential, blocks: int) -> None:
        super().__init__()
        tensors = list(net.parameters())
        self.shapes, self.blocks = [tensor.shape for tensor in tensors], blocks
        self.tensor_of = torch.arange(len(tensors)).repeat_interleave(
            torch.tensor([t.numel() for t in tensors])
        )
        self.block_of = blocks_of(len(self.tensor_of), blocks)
        self.mean = nn.Parameter(parameters_to_vector(tensors).detach().clone())
        self.noise = nn.Parameter(torch.full_like(self.mean, -10.0))  # logarithm of the variance
        spreads = [float(tensor.detach().std(correction=0)) for tensor in tensors]
        self.prior = nn.Parameter(torch.tensor([max(spread, 0.05) for spread in spreads]).log())
        self.free, self.value = torch.ones(len(self.mean), dtype=torch.bool), torch.zeros(len(self.mean))
        self.price = torch.full((blocks,), 1e-6)  # of a nat, in units of the loss
        self.codes: list[int] = []

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits; the noise is drawn for each unit's answer, that of a block that is coded is none."""
        sizes = [shape.numel() for shape in self.shapes]
        means = torch.where(self.free, self.mean, self.value).split(sizes)
        variances = torch.where(self.free, self.noise.exp(), 0).split(sizes)
        values = inputs.flatten(1)
        for at in range(0, len(sizes), 2):  # weight, bias
            values = F.relu(values) if at else values
            weight, spread = (each[at].view(self.shapes[at]) for each in (means, variances))
            noise = (values.square() @ spread.T + variances[at + 1] + 1e-12).sqrt()
            values = F.linear(values, weight, means[at + 1]) + noise * torch.randn_like(noise)
        return values

    def nats(self) -> Tensor:
        """Divergence of each block from the prior, (blocks,); 0 for those that are coded."""
        prior = self.prior[self.tensor_of]
        squares = (self.noise.exp() + self.mean.square()) / prior.mul(2).exp()
        each = torch.where(self.free, prior - self.noise / 2 + squares / 2 - 0.5, 0)
        return torch.zeros(self.blocks).index_add(0, self.block_of, each)

    @torch.no_grad()
    def reprice_(self, nats: Tensor) -> None:
        """A block above its bits pays more from now on, one below less."""
        self.price *= torch.where(nats > BLOCK_BITS * math.log(2), 1.002, 1 / 1.002)

    @torch.no_grad()
    def freeze_prior_(self) -> None:
        """The prior as the file has it: it must not move once the first block is drawn from it."""
        self.prior.copy_(self.prior.half().float()).requires_grad_(False)

    @torch.no_grad()
    def code_(self) -> None:
        """Draws the next block's candidates from the prior and takes one by its likelihood (algorithm 1)."""
        block = len(self.codes)
        at = (self.block_of == block).nonzero().flatten()
        spread, noise = self.prior[self.tensor_of[at]].exp(), self.noise[at]
        draws = candidates(block, len(at)) * spread
        ratio = -0.5 * ((draws - self.mean[at]).square() / noise.exp() - (draws / spread).square()).sum(dim=1)
        self.codes.append(int(torch.multinomial((ratio - ratio.max()).exp(), 1)))
        self.value[at], self.free[at] = draws[self.codes[-1]], False

    def file(self) -> bytes:
        """Header, logarithms of the priors as float16, the numbers of the draws, `BLOCK_BITS` bits each."""
        units = self.shapes[0][0], self.shapes[2][0]
        bits = (np.array(self.codes)[:, None] >> np.arange(BLOCK_BITS)[::-1]) & 1
        prior = self.prior.detach().numpy().astype("<f2").tobytes()
        return HEADER.pack(MAGIC, *units, self.blocks) + prior + np.packbits(bits.astype(np.uint8)).tobytes()


def blocks_of(count: int, blocks: int) -> Tensor:
    """The block of each weight, drawn at random: (count,)."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(SEED))
    return torch.empty(count, dtype=torch.long).index_put((order,), torch.arange(count) % blocks)


def candidates(block: int, count: int) -> Tensor:
    """What a block may be, in standard deviations of the prior: (2 ** BLOCK_BITS, count)."""
    return torch.randn(2**BLOCK_BITS, count, generator=torch.Generator().manual_seed(block))


def decode_random_code(content: bytes) -> State:
    """The state dict of a narrow LeNet-300-100 from a file of `RandomCode`.

    Raises:
        ValueError: if the file does not start as such a file, or is shorter or longer than its header says.
    """
    if content[: len(MAGIC)] != MAGIC or len(content) < HEADER.size:
        raise ValueError("not a file of random codes: it does not begin with RC and its header")
    _, *units, blocks = HEADER.unpack_from(content)
    state = together.narrow(NET, units, generator=torch.Generator()).state_dict()
    coded = HEADER.size + 2 * len(state)
    if len(content) != coded + math.ceil(blocks * BLOCK_BITS / 8):
        raise ValueError(f"a file of {blocks} blocks does not have {len(content)} bytes: cut off or damaged")
    prior = torch.from_numpy(np.frombuffer(content[HEADER.size : coded], "<f2").astype(np.float32))
    bits = np.unpackbits(np.frombuffer(content[coded:], np.uint8), count=blocks * BLOCK_BITS)
    codes = bits.reshape(blocks, BLOCK_BITS).astype(np.int64) @ (1 << np.arange(BLOCK_BITS)[::-1])
    sizes = [tensor.numel() for tensor in state.values()]
    spread = prior.exp().repeat_interleave(torch.tensor(sizes))
    block_of, values = blocks_of(len(spread), blocks), torch.empty(len(spread))
    for block, code in enumerate(codes.tolist()):
        at = (block_of == block).nonzero().flatten()
        values[at] = candidates(block, len(at))[code] * spread[at]
    parts = zip(state.items(), values.split(sizes), strict=True)
    return {name: part.view(tensor.shape) for (name, tensor), part in parts}


def by_random_codes(learn: together.Data, *, size: int, rate: float) -> bytes:
    """Learns a normal variable for each weight within the bits of its block, then codes block by block."""
    torch.manual_seed(SEED)
    net = narrow()
    spare = HEADER.size + 2 * len(list(net.parameters()))
    model = RandomCode(net, (size - spare) * 8 // BLOCK_BITS)
    for progress, (inputs, logits, labels) in steps_of(model, learn, rate):
        while len(model.codes) < model.blocks * (progress - CODING_FROM) / (1 - CODING_FROM):
            model.freeze_prior_()
            model.code_()
        nats = model.nats()
        model.reprice_(nats)
        loss = distillation_loss(model(inputs), logits, labels, temperature=1, alpha=0.5)
        (loss + (model.price * nats).sum()).backward()
    while len(model.codes) < model.blocks:
        model.code_()
    return model.file()


def general(train: Callable[[together.Data], State]) -> Callable[[together.Data], bytes]:
    """A road that ends in the course's general file."""
    return lambda learn: weight_sharing.encode_network(train(learn), bits=SHARED_BITS)


def roads() -> dict[str, Callable[[together.Data], bytes]]:
    """Title -> the training that makes the file."""
    found = {
        "price of bits: the recipe": general(partial(by_price, largest=3)),
        "price of bits, ternary: -1, 0, 1": general(partial(by_price, largest=1)),
    }
    for rate in RATES:
        for sparsity in SPARSITIES:
            for end, learned_steps in (("then k-means", False), ("learned steps", True)):
                train = partial(by_magnitude, sparsity=sparsity, rate=rate, learned_steps=learned_steps)
                found[f"magnitude, sparsity {sparsity:g}, {end}; rate {rate:g}"] = general(train)
        for price in PRICES:
            train = partial(variational, price=price, rate=rate)
            found[f"variational, a nat costs {price:g}, then k-means; rate {rate:g}"] = general(train)
        for size in SIZES:
            found[f"random codes, {size:,} bytes; rate {rate:g}"] = partial(
                by_random_codes, size=size, rate=rate
            )
    return found


def tested(content: bytes, left_out: data.Split) -> tuple[int, float]:
    """Weights and error in percent of the network that comes out of a file."""
    read = decode_random_code if content.startswith(MAGIC) else weight_sharing.decode_network
    state = read(content)
    wide = any(len(tensor) > 100 for tensor in state.values())
    net = nets.NETS[NET]() if wide else narrow()
    net.load_state_dict(state)
    wrong = 100 - 100 * training.accuracy(net, left_out, dataset="mnist")
    return sum(int(tensor.count_nonzero()) for tensor in state.values() if tensor.dim() > 1), wrong


def main() -> None:
    torch.set_num_threads(1)
    views, logits, labels = record_smallest.training_data(NET)
    part, kept = record_smallest.split(len(labels))
    left_out = data.mnist("train").take(kept)
    rows: list[list[Any]] = []
    for title, train in roads().items():
        begun = time.process_time()
        content = train((views[:, part], logits[:, part], labels[part]))
        weights, wrong = tested(content, left_out)
        rows.append([title, weights, len(content), f"{wrong:.2f}", round(time.process_time() - begun)])
        print(rows[-1], flush=True)
    found = {
        "columns": ["road", "weights left", "file, bytes", "error, %", "CPU-seconds"],
        "rows": rows,
        "conditions": f"LeNet-300-100, {RECIPE['units'][0]} and {RECIPE['units'][1]} units at first, "
        f"{STEPS:,} steps of {together.BATCH} images, seed {SEED}; error on 10,000 training images left out.",
    }
    results.write(Path(__file__).stem, found, made_by=__file__)


if __name__ == "__main__":
    main()
