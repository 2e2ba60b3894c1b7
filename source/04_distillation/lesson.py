# ---
# title: Distillation
# covers: [A7, A14, B2, B11, C7, C8, D1, D2, D5, D6, D7, D8, D9, D11, E9, F7, F8, F9, F10]
# ---

# %% [markdown]
# # Distillation: how much of its teacher's lead can a net 21 times smaller inherit?
#
# Below, a small net learns to read digits without a single label, from the answers of a larger one.
# No image of a 3 is among those it learns from.
# Then it is shown threes.
#
# That is the marvel of distillation. The rest of the lesson is about its price and its bad habit:
# a student with a teacher is often compared with nothing, or with a student that was trained badly.
# Here the same student without a teacher stands beside it every time.
#
# *Runs in about 60 s on two CPU cores, on the embedded data.*

# %%
import json
import os
import statistics
import tempfile
import time
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from tqdm.auto import tqdm

from shrink import data, distillation, measuring, nets, plots, training

torch.set_num_threads(1)  # one thread: ratios repeat better
bar = partial(tqdm, leave=False, disable="TQDM_DISABLE" in os.environ)  # the builder wants no bars

# %%
digits = data.mnist("train")
pool, held_out = digits.take(slice(0, 10_000)), digits.take(slice(50_000, None))
teacher = training.load_checkpoint("lenet_5")
inputs = data.to_float(pool.images, "mnist")  # (10000, 1, 28, 28)
answers = training.predict(
    teacher, pool.images, dataset="mnist"
)  # (10000, 10), asked once, used for all students


def small_net(seed, width=64):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))


def learn(loss, chosen, *, seed=0, steps=400, net=None, images=inputs):
    net, generator = net or small_net(seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters())
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 3e-3 * training.one_cycle(step / steps)
        batch = chosen[torch.randint(len(chosen), (100,), generator=generator)]
        optimizer.zero_grad()
        loss(net(images[batch]), batch).backward()
        optimizer.step()
    return net.eval()


def taught(temperature=4.0, alpha=1.0):  # alpha = 1: the teacher alone, no label counts
    options = {"temperature": temperature, "alpha": alpha}
    return lambda logits, at: distillation.distillation_loss(logits, answers[at], pool.labels[at], **options)


def alone(logits, at):
    return F.cross_entropy(logits, pool.labels[at])


# %% [markdown]
# **Never seen a 3.** Both students learn from the 8,968 images that show no 3: one from the labels, one from the teacher's answers.
# Nobody ever says 3, so both start with a prejudice against it. As Hinton et al. (2015) did, we raise one number, the bias of class 3, to the
# value that is best on the training images.
#
# **Predict:** how many of the held-out threes does each of them recognise?


# %%
def raised(net):  # the bias of class 3 that gives the fewest errors on the training images
    logits, last = training.predict(net, pool.images, dataset="mnist"), net[-1]
    three = torch.eye(10)[3]
    wrong = [int(((logits + b * three).argmax(dim=1) != pool.labels).sum()) for b in range(16)]
    last.bias.data[3] += wrong.index(min(wrong))
    return net


other_digits = (pool.labels != 3).nonzero().squeeze(1)
threes = held_out.take(held_out.labels == 3)
for name, loss in {"labels": alone, "teacher": taught()}.items():
    net = raised(learn(loss, other_digits, steps=800))
    found = training.accuracy(net, threes, dataset="mnist")
    wrong = 1 - training.accuracy(net, held_out, dataset="mnist")
    print(f"{name}: {found:.0%} of {len(threes.labels):,} threes, error on all digits {wrong:.1%}")

# %% [markdown]
# **What happened.** The teacher's student reads four of five threes, although it has seen none, and nobody gave it a label.
# In the answers for other digits it has read what a 3 is like: this 5 is a little like one, that 7 less.
#
# The student with labels, the fair comparison, reads a third of them: to it, a 3 is what nothing else claims.
# Both numbers depend on the raised bias. Without it, hardly any 3 is found.

# %% [markdown]
# ## 1 Question
#
# To **distil** is to train a small net, the **student**, on the answers of a large one, the **teacher**.
#
# 1. The teacher answers an image; its softened probabilities are the **soft targets**.
# 2. The student answers the same image.
# 3. A loss of two parts compares the student with the teacher, and with the label.
# 4. The optimiser moves the student; the teacher stays.
#
# On CIFAR-10 our teacher has 1,972,792 parameters, the student 91,320.
# How much of the difference between them does the teacher close, and *where does it close nothing*?

# %% [markdown]
# **Three ways to a small net.**
#
# | | starts from | ends with | needs |
# |---|---|---|---|
# | quantization | the trained net | the same net, coarser numbers | hardly any data |
# | pruning | the trained net | the same net with holes, or narrower | data, retraining |
# | distillation | nothing | any net you like | a teacher, data (labels or not), full training |
#
# Only the last one is free in its shape: a tree, a transformer and a convolution can teach each other.
# It is used where a large model exists and cannot go along: phones, cross-platform apps, and model updates that must keep an old interface.

# %% [markdown]
# ## 2 Measure
#
# Teacher and student before the idea: for digits LeNet-5 and a net of two layers, for photos two nets of one make.
# Time is one batch of 100, as a multiple of the digit student's.
#
# **Predict:** the CIFAR student has 21.6 times fewer parameters than its teacher. Is it 21.6 times faster?

# %%
folder = tempfile.TemporaryDirectory()


def facts(net, shape):
    path, x = os.path.join(folder.name, "net"), torch.zeros(100, *shape)
    save_file(net.state_dict(), path)
    seconds = measuring.median_latency(
        partial(torch.no_grad()(net.eval()), x), repeats=5, clock=time.process_time
    )
    return [measuring.count_parameters(net), os.path.getsize(path), measuring.count_macs(net, shape), seconds]


of = {
    "LeNet-5, teacher": facts(teacher, (1, 28, 28)),
    "784-64-10, student": facts(small_net(0), (1, 28, 28)),
    "CIFAR teacher": facts(nets.teacher(), (3, 32, 32)),
    "CIFAR student": facts(nets.student(), (3, 32, 32)),
}
unit = of["784-64-10, student"][-1]
rows = [[name, *sizes, seconds / unit] for name, (*sizes, seconds) in of.items()]
quicker = of["CIFAR teacher"][-1] / of["CIFAR student"][-1]
print(f"the CIFAR student is {quicker:.1f} times faster than its teacher")
plots.table(["net", "parameters", "file, bytes", "MACs", "time"], rows)

# %% [markdown]
# **What happened.** A ninth of the MACs, and the time falls less still: both nets begin with the same wide images, and narrow layers use the processor badly.
# Parameters are not time.

# %% [markdown]
# **Dark knowledge.** The label of an image is one word: 3.
# The teacher's logits are ten numbers, and nine of them are about what the image is *not*, more or less.
#
# **Predict:** among 1,030 threes that the teacher reads rightly, for how many is 8 its second guess, and for how many 5?

# %%
logits = training.predict(teacher, threes.images, dataset="mnist")
right = logits.argmax(dim=1) == 3
shown, logits = threes.images[right], logits[right]
second = logits.topk(2, dim=1).indices[:, 1]
print({guess: int((second == guess).sum()) for guess in range(10) if guess != 3})

# %%
figure, panels = plt.subplots(2, 6, figsize=(7.6, 2.9), dpi=90, layout="constrained")
soft = distillation.soft_targets(logits, 4.0)
for column, digit in enumerate((8, 5, 9, 2, 7, 3)):
    at = int(soft[:, digit].argmax())  # the three that looks most like this digit
    panels[0, column].imshow(shown[at, 0], cmap="gray_r")
    panels[0, column].axis("off")
    colors = [plots.DENSE if k == 3 else plots.COMPRESSED for k in range(10)]
    panels[1, column].bar(range(10), soft[at], color=colors)
    panels[1, column].set(xticks=(2, 3, 5, 7, 8, 9), yticks=[], ylim=(0, 1))
    panels[1, column].tick_params(labelsize=8)
    panels[1, column].spines[["top", "right", "left"]].set_visible(False)
panels[1, 0].set_ylabel("probability")
figure.suptitle(
    "All are threes to the teacher (T = 4), and each is something else besides",
    x=0.01,
    ha="left",
    fontsize=11,
)
plt.show()

# %% [markdown]
# **What happened.** To this teacher a 3 is most often almost a 5, then an 8.
# The plot shows for each digit the 3 that comes closest to it: a closed loop, a flat stroke on top, a tail like a 9.
# The last one is a 3 and nothing else.
#
# The label says the same about all six. This difference is what Hinton calls **dark knowledge**: it stands in small probabilities, and the temperature
# brings it to light.

# %% [markdown]
# ## 3 By hand
#
# **Three classes.** A teacher sees a slanted 3 and gives the logits $z$ = (6, 4, 0) to the classes 3, 8 and 1.
# The student is undecided between the first two: $v$ = (2, 2, 0).
#
# $$p_c = \frac{e^{z_c / T}}{\sum_k e^{z_k / T}}$$
#
# | | 3 | 8 | 1 |
# |---|---:|---:|---:|
# | $e^{z}$ | 403.4 | 54.6 | 1 |
# | $p$ at $T = 1$ | 0.879 | 0.119 | 0.002 |
# | $e^{z / 2}$ | 20.1 | 7.39 | 1 |
# | $p$ at $T = 2$ | 0.705 | 0.259 | 0.035 |
#
# The temperature divides *logits*. It keeps the order and shrinks the distances.

# %% [markdown]
# The student at $T = 2$: $e^{1} = 2.718$ twice and 1, so $q$ = (0.422, 0.422, 0.155).
# The Kullback-Leibler divergence measures how much worse $q$ predicts than $p$:
#
# $$\mathrm{KL}(p \,\|\, q) = \sum_c p_c \log \frac{p_c}{q_c}$$
#
# $0.705 \log 1.670 + 0.259 \log 0.614 + 0.035 \log 0.226 = 0.361 - 0.126 - 0.052 = 0.183$ nats, or close to it: we rounded.
# It is 0 only if the student agrees in every class.

# %%
z, v = torch.tensor([[6.0, 4.0, 0.0]]), torch.tensor([[2.0, 2.0, 0.0]])
p, q = distillation.soft_targets(z, 2.0), distillation.soft_targets(v, 2.0)
print("p at T = 1:", [round(x, 3) for x in distillation.soft_targets(z, 1.0)[0].tolist()])
print("p at T = 2:", [round(x, 3) for x in p[0].tolist()])
print("q at T = 2:", [round(x, 3) for x in q[0].tolist()])
divergence, entropy = (p * (p / q).log()).sum(), -(p * p.log()).sum()
crossed = -(p * q.log()).sum()
print(f"KL {divergence:.4f}, cross-entropy with p {crossed:.4f}, entropy of p {entropy:.4f}")

# %% [markdown]
# **KL or cross-entropy?** The last line shows $-\sum_c p_c \log q_c = \mathrm{KL}(p \,\|\, q) + H(p)$: the cross-entropy is the divergence plus
# the teacher's own entropy.
# The student cannot change $H(p)$, so both have the same gradient.
# The divergence is easier to read: 0 means that nothing is left to learn.

# %% [markdown]
# **Why $T^2$?** The gradient of the divergence by the student's logit $v_c$ is $(q_c - p_c) / T$.
# When $T$ grows, both distributions become flat, and $q_c - p_c$ itself shrinks like $1 / T$. Together: $1 / T^2$.
#
# The label's part of the loss has no temperature. Without a correction the teacher would fall silent as $T$ grows.
#
# **Predict:** the length of the gradient at $T = 1, 2, 4, 8, 16$ without the factor, and with it.

# %%
rows = []
for temperature in (1, 2, 4, 8, 16):
    student_logits = v.clone().requires_grad_()
    log_q = torch.log_softmax(student_logits / temperature, dim=1)
    F.kl_div(log_q, distillation.soft_targets(z, temperature), reduction="batchmean").backward()
    length = student_logits.grad.norm().item()
    rows.append([temperature, length, length * temperature**2])
plots.table(["T", "gradient of KL", "gradient of T² KL"], rows)

# %% [markdown]
# **What happened.** Without the factor the gradient falls by a factor of 150 from $T = 1$ to $T = 16$; with it, it hardly changes.
# So $\alpha$ means the same at every temperature.

# %% [markdown]
# ## 4 Build
#
# The loss, with $\alpha$ for the teacher's share:
#
# $$L = \alpha \, T^2 \, \mathrm{KL}(p \,\|\, q) + (1 - \alpha) \, \mathrm{CE}(y)$$
#
# We take 100 real digits, a student after 100 steps, $T = 4$ and $\alpha = 0.9$, and put it together with PyTorch's own `kl_div`, which is also the
# independent check: our library computes it without.

# %%
some = torch.arange(100)
beginner = learn(alone, torch.arange(10_000), steps=100)
said, its, labels = beginner(inputs[some]), answers[some], pool.labels[some]

soft = F.kl_div(
    F.log_softmax(said / 4, dim=1), F.log_softmax(its / 4, dim=1), log_target=True, reduction="batchmean"
)
hard = F.cross_entropy(said, labels)
built = 0.9 * 4**2 * soft + 0.1 * hard
ours = distillation.distillation_loss(said, its, labels, temperature=4.0, alpha=0.9)
print(f"soft part {soft:.4f}, hard part {hard:.4f}, together {built:.4f}")
print(f"the library of this course: {ours:.4f}, difference {abs(built - ours).item():.0e}")

# %% [markdown]
# **Five ways to get it wrong.** All of them circulate as interview answers.
# The value of the soft part on the same 100 digits, before the factor $T^2$:
#
# **Predict:** which of these numbers give the mistake away, and which look harmless?

# %%
p4, q4 = F.softmax(its / 4, dim=1), F.softmax(said / 4, dim=1)
twice = F.softmax(F.softmax(its, dim=1) / 4, dim=1)  # temperature on probabilities
faults = [
    ["right", soft.item()],
    ["arguments exchanged", F.kl_div(p4.log(), q4, reduction="batchmean").item()],
    ["probabilities where logarithms belong", F.kl_div(q4, p4, reduction="batchmean").item()],
    ["mean over all entries", F.kl_div(q4.log(), p4, reduction="none").mean().item()],
    ["temperature on probabilities", F.kl_div(q4.log(), twice, reduction="batchmean").item()],
    ["teacher compared with the labels", F.cross_entropy(its, labels).item()],
]
print(f"largest target: {p4.max():.3f} if logits are softened, {twice.max():.3f} if probabilities are")
plots.table(["100 digits, T = 4", "value"], faults)

# %% [markdown]
# **What happened.** Only the third gives itself away: no divergence is negative.
#
# - Exchanged arguments look like a loss and train another thing: the student may ignore what the teacher holds possible.
# - The mean over all entries divides by ten classes too many; labels then weigh ten times more.
# - A temperature on probabilities makes nearly uniform targets: 0.125 where 0.1 is chance.
# - The teacher compared with labels is a constant. It has no gradient for the student, which learns as if alone.

# %% [markdown]
# **The loop.** `distillation.distill_` runs the teacher in eval mode, without gradients, beside the student.
# We give it 20 batches of digits, and look at both nets before and after.
#
# **Predict:** which of the two changes?

# %%
pupil = small_net(0)
before = [p.detach().clone() for net in (teacher, pupil) for p in net.parameters()]
batches = [(inputs[part], pool.labels[part]) for part in torch.arange(2_000).split(100)]
losses = distillation.distill_(pupil, teacher, batches, optimizer=torch.optim.Adam(pupil.parameters()))
after = [p for net in (teacher, pupil) for p in net.parameters()]
print("loss of the first and the last batch:", round(losses[0], 1), round(losses[-1], 1))
print(
    "teacher, then student, parameters unchanged:",
    [torch.equal(a, b) for a, b in zip(before, after, strict=True)],
)

# %% [markdown]
# **What happened.** Eight tensors of the teacher stay, four of the student move.
#
# Some code averages the parameters of both nets instead and calls that distillation. Here it could not even start, because the shapes differ.
# Where they agree it is no better: two nets that do the same have their neurons in different orders.
#
# When images do not change, neither do the teacher's answers. So `learn` above asks once and keeps them: the student's training costs what it
# costs without a teacher.

# %% [markdown]
# ## 5 Experiment
#
# **The fair baseline.** Same student, same start, same 400 steps of 100 images, three seeds.
# Three ways to learn, with 100, 1,000 and 10,000 labelled digits:
#
# - **alone**: cross-entropy with the labels;
# - **taught**: the same images, teacher and labels, $T = 4$, $\alpha = 0.9$;
# - **taught on all**: the teacher answers for all 10,000 images, and no label is used.
#
# **Predict:** how much does the teacher bring in each case? Where nothing?


# %%
def first(count):  # as many of each digit
    return torch.cat([(pool.labels == c).nonzero().squeeze(1)[: count // 10] for c in range(10)])


def errors(loss, chosen, **options):
    nets_ = [learn(loss, chosen, seed=seed, **options) for seed in range(3)]
    return [100 * (1 - training.accuracy(net, held_out, dataset="mnist")) for net in nets_]


def text(values):
    return f"{statistics.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


everything, counts = torch.arange(10_000), (100, 1_000, 10_000)
chosen = {count: first(count) if count < 10_000 else everything for count in counts}
found = {"alone": {}, "taught": {}}
for count in bar(counts):
    found["alone"][count] = errors(alone, chosen[count])
    found["taught"][count] = errors(taught(alpha=0.9), chosen[count])
no_labels = errors(taught(), everything)

# %%
ax = plots.axes(
    "Answers to unlabelled images are worth most", x="labelled digits", y="error on held-out digits, %"
)
for way, color in (("alone", plots.DENSE), ("taught", plots.COMPRESSED)):
    means = [statistics.mean(found[way][count]) for count in counts]
    ax.plot(counts, means, color=color, label=f"{way}, these images")
    for count in counts:
        ax.plot([count] * 3, found[way][count], ".", color=color)
ax.plot(
    counts,
    [statistics.mean(no_labels)] * 3,
    marker=plots.VARIANTS[1][1],
    color=plots.VARIANTS[1][0],
    label="taught, all images, no label",
)
ax.set(xscale="log", xticks=counts, xticklabels=[f"{count:,}" for count in counts], ylim=(0, None))
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()

# %%
rows = [
    [f"{count:,}", text(found["alone"][count]), text(found["taught"][count]), text(no_labels)]
    for count in counts
]
plots.table(["labels", "alone, error in %", "taught, same images", "taught, all images, no label"], rows)

# %% [markdown]
# **What happened.** Three results, and only one is the success story.
#
# - With the *same* images the teacher brings little: about a point with 1,000 labels, nothing with 100.
# - With *all* images it brings twenty points where 100 are labelled, and no label is used. The images carry the gain; the teacher makes them usable.
# - With 10,000 labels the baseline wins.

# %% [markdown]
# A student that has labels for everything needs no teacher here: 400 steps are too few for the finer lesson.
# A comparison with the baseline of 100 labels alone would have hidden that.

# %% [markdown]
# **Which temperature?** No labels, all images, three seeds each.
#
# **Predict:** LeNet-5 is right on 99.9 % of these digits. Does it matter how soft its answers are?

# %%
rows = []
for temperature in bar((1.0, 4.0, 16.0)):
    surest = distillation.soft_targets(answers, temperature).max(dim=1).values
    result = no_labels if temperature == 4.0 else errors(taught(temperature), everything)
    rows.append([temperature, surest.median().item(), text(result)])
plots.table(["T", "largest target, median", "error, %"], rows)

# %% [markdown]
# **What happened.** $T = 4$, the habit of many papers, was a poor choice here.
# At $T = 1$ the student of the teacher alone makes as many errors as the one with 10,000 labels.
# With a high temperature it has to copy all ten logits, and a net of 64 neurons in 400 steps has better things to do.
#
# So the temperature is a setting to be tried, on images that are held out.

# %% [markdown]
# **Better distillation?** Everything that papers propose, on 2,000 digits without labels:
#
# - **moved**: eight copies of each image, shifted by up to a pixel, and the teacher answers for each copy;
# - **two teachers**: the mean of the answers of LeNet-5 and LeNet-300-100;
# - **schedule**: the temperature falls from 8 to 1 along a cosine;
# - **hint**: the student's 64 features, through a regressor, imitate the teacher's 500.
#
# And, to be fair, the moved copies with labels and no teacher.
#
# **Predict:** which of them gains most, and how much of that without a teacher?

# %%
images = pool.images[:2_000]
generator = torch.Generator().manual_seed(0)
copies = [images, *(training.augment(images, shift=1, flip=False, generator=generator) for _ in range(7))]
views, labels = torch.cat(copies), pool.labels[:2_000].repeat(8)
second = training.load_checkpoint("lenet_300_100")
its, others = (training.predict(net, views, dataset="mnist") for net in (teacher, second))
with torch.no_grad():
    deep = torch.cat(
        [teacher[:-1](data.to_float(part, "mnist")) for part in views.split(1000)]
    )  # (16000, 500)
moved, still = torch.arange(16_000), torch.arange(2_000)
views = data.to_float(views, "mnist")


def from_both(logits, at):  # at T = 4; the mean of two distributions is no softmax of logits
    target = distillation.ensemble_targets([its[at], others[at]], 4.0)
    return 16 * F.kl_div(F.log_softmax(logits / 4, dim=1), target, reduction="batchmean")


# %%
def from_one(logits, at, temperature=4.0):
    return distillation.distillation_loss(logits, its[at], labels[at], temperature=temperature, alpha=1.0)


def cooling():  # one loss a run: it counts its steps
    steps = iter(range(400))
    return lambda logits, at: from_one(
        logits, at, distillation.temperature_at(next(steps), total=400, start=8.0, end=1.0)
    )


class Hinted(nn.Module):  # a student with its regressor, so that both are trained
    def __init__(self, net):
        super().__init__()
        self.net, self.regressor = net, nn.Linear(64, 500)

    def forward(self, x):
        self.features = self.net[:3](x)  # (N, 64)
        return self.net[3](self.features)


def hinted(seed):
    net = Hinted(small_net(seed))

    def loss(logits, at):
        return from_one(logits, at) + distillation.hint_loss(net.features, deep[at], net.regressor)

    return loss, net


# %%
def three(loss_of, chosen):  # a new loss, and if need be a new net, for each seed
    found = []
    for seed in range(3):
        loss, net = loss_of(seed)
        net = learn(loss, chosen, seed=seed, net=net, images=views)
        found.append(100 * (1 - training.accuracy(net, held_out, dataset="mnist")))
    return text(found)


def with_labels(logits, at):
    return F.cross_entropy(logits, labels[at])


ways = {
    "labels, no teacher": (lambda seed: (with_labels, small_net(seed)), still),
    "labels, no teacher, moved": (lambda seed: (with_labels, small_net(seed)), moved),
    "teacher": (lambda seed: (from_one, small_net(seed)), still),
    "teacher, moved": (lambda seed: (from_one, small_net(seed)), moved),
    "two teachers, moved": (lambda seed: (from_both, small_net(seed)), moved),
    "schedule, moved": (lambda seed: (cooling(), small_net(seed)), moved),
    "hint, moved": (hinted, moved),
}
plots.table(["2,000 digits", "error, %"], [[name, three(*way)] for name, way in bar(list(ways.items()))])

# %% [markdown]
# **What happened.** The largest gain needs no teacher: moved copies take the student with labels from 9.1 to 7.0 %.
# The teacher alone, without a label, does better than 2,000 labels (8.5), and with moved copies comes close to labels with moved copies.
# A second teacher adds a little, a hint next to nothing; the schedule loses a little.
#
# Had we compared "teacher, moved" with "labels" only, we would have reported 1.6 points for distillation.

# %% [markdown]
# **A warning.** A much copied result lets a student climb from 58.7 % alone to 96.9 % with a teacher, on MNIST.
# The student has a ReLU behind its *last* layer: negative logits become 0.
# We take the teacher away and remove only this line.
#
# **Predict:** how many points does that bring?


# %%
def cut_off(logits, at):
    return F.cross_entropy(logits.relu(), pool.labels[at])


def sgd(loss, seed):  # plain gradient descent, as in such code
    net, generator = small_net(seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for _ in range(400):
        batch = torch.randint(10_000, (100,), generator=generator)
        optimizer.zero_grad()
        loss(net(inputs[batch]), batch).backward()
        optimizer.step()
    return 100 * training.accuracy(net, held_out, dataset="mnist")


rows = [
    ["labels, ReLU on the logits", *(sgd(cut_off, seed) for seed in range(3))],
    ["labels", *(sgd(alone, seed) for seed in range(3))],
]
plots.table(["accuracy, %", "seed 0", "seed 1", "seed 2"], rows)

# %% [markdown]
# **What happened.** Up to nine points, depending on the seed, from one line and no teacher.
# A class whose logits are negative for every image gives 0 everywhere, has no gradient, and never comes back.
# A dead class costs up to ten points, and how many die is chance.
#
# A weak baseline makes every method look strong. Ask for it first.

# %% [markdown]
# **Photos.** Now the real pair: CIFAR-10, a teacher of 1,972,792 parameters, and students of 91,320, 25,080 and 7,512.
# These runs take about 20 minutes; `python -m tools.record_distillation` made them and wrote them down.
# Temperature, $\alpha$ and learning rate were chosen on 2,000 training images, the learning rate for the student *without* a teacher.
#
# **Predict:** where does the teacher bring more: with the larger student or the smaller one? With right labels or with wrong ones?

# %%
recorded = json.loads((data.DATA_FOLDER / "results" / "04_distillation.json").read_text())
print(recorded["conditions"].replace("; ", "\n"))
print("chosen:", recorded["choices"])
plots.table(recorded["columns"], recorded["rows"])


# %%
def of_run(name, key="accuracy"):  # one value a seed
    return [run[key] for run in recorded["runs"] if run["name"] == name]


pairs = {
    "91,320": ("labels", "taught"),
    "25,080": ("middle, labels", "middle, taught"),
    "7,512": ("small, labels", "small, taught"),
    "25,080\n1,000 labels": ("few labels", "no label, taught"),
    "25,080\n40 % wrong": ("noisy labels", "no label, taught"),
}
ax = plots.axes(
    "Nothing to three points where labels abound, fifteen where they fail",
    x="student, parameters",
    y="accuracy, %",
)
for at, (without, with_) in enumerate(pairs.values()):
    ax.plot([at - 0.1] * 3, of_run(without), "o", color=plots.DENSE, label=None if at else "alone")
    ax.plot(
        [at + 0.1] * 3, of_run(with_), "o", color=plots.COMPRESSED, label=None if at else "with the teacher"
    )
ax.axhline(recorded["teacher"]["accuracy"], color="0.8", linestyle=":", label="teacher (50,000 images)")
ax.set_xticks(range(len(pairs)), pairs)
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# **What happened.** The trials on held-out images chose $T = 2$ and $\alpha = 0.9$: the teacher, and a tenth of the label.
#
# - Beside 10,000 right labels the teacher brings about three points to the two larger students, and nothing to the smallest: it cannot hold what it is
#   told. With one seed, one could have reported 1.5 points or 4.9.
# - Against 1,000 labels, or labels of which 40 % are wrong, a student that has seen no label at all is 15 points ahead. Only the baseline has become
#   weaker.

# %% [markdown]
# The teacher stays far above: 3.3 of its lead of 17 points are inherited.
# Most of that lead needs parameters, images and patience, and a teacher is no substitute for them.

# %% [markdown]
# **Where do they look?** The **attention map** of a layer is the mean square of its channels at each place, scaled to length 1.
# Zagoruyko and Komodakis (2017) make the student's map imitate the teacher's, block by block.
# Here are the maps of the first block for four test photos, from the stored nets, which have not been taught to agree.
#
# **Predict:** does a net 21 times smaller look elsewhere?

# %%
photos = data.cifar10("test").take(torch.tensor([3, 15, 26, 40]))
x = data.to_float(photos.images, "cifar10")
maps = {}
for name in ("teacher", "student"):
    net = training.load_checkpoint(name)
    with torch.no_grad():
        maps[name] = net.blocks[0](F.gelu(net.whiten(x)))  # (4, C, 15, 15)
for shift, whose in ((0, "of the same photo"), (1, "of the next photo")):
    loss = distillation.attention_loss(maps["student"], maps["teacher"].roll(shift, dims=0))
    print(f"distance from the teacher's map {whose}: {loss:.2f}")

# %%
figure, panels = plt.subplots(2, 6, figsize=(7.6, 2.8), dpi=90, layout="constrained")
for at, row in enumerate(panels.reshape(4, 3)):
    seen = [distillation.attention_map(maps[name])[at].view(15, 15) for name in maps]
    for panel, picture, name in zip(
        row, [photos.images[at].permute(1, 2, 0), *seen], ("", *maps), strict=True
    ):
        panel.imshow(picture, cmap="Blues")
        panel.set_title(name, fontsize=8)
        panel.axis("off")
figure.suptitle("Large and small net look at roughly the same places", x=0.01, ha="left", fontsize=11)
plt.show()

# %% [markdown]
# **What happened.** Large and small net look at the same places, roughly, without having been told.
# The distance is smaller than that to the map of another photo, and far from 2, the largest there is.
#
# **Two more controls** for the middle student.
# Smoothed labels give each wrong class 1 %: softness without a teacher.
# And attention transfer adds the distances of the first two blocks' maps to the loss; its weight was chosen like the rest.
#
# **Predict:** how much of the teacher's gain is softness, and what do the maps add?

# %%
rows = [[name, text(of_run(run))] for name, run in {
    "alone": "middle, labels", "alone, labels smoothed by 0.1": "smoothed labels",
    "teacher": "middle, taught", "teacher and attention": "attentive",
}.items()]  # fmt: skip
plots.table(["25,080 parameters, CIFAR-10", "accuracy, %"], rows)

# %% [markdown]
# **What happened.** Smoothing by a fixed tenth brings about half of the 2.8 points that the answers bring, and the ranges touch: where labels abound, half of it is softness.
# No rule can tell a student where to look, though: the maps add almost a point more, and the seeds agree better.
# They cost time: a step takes more than a third longer.
#
# With a shape of its own the student could not use them; the answers work for any.

# %% [markdown]
# **Distil or prune?** Both make a small file from a large net.
#
# | | distillation | pruning |
# |---|---|---|
# | aim | a small net that answers like a large one | the large net without what it can spare |
# | process | train a new net from nothing | remove, then train what is left |
# | effect | smaller dense matrices, faster everywhere | a file with holes, faster with special kernels only |
# | strength | any architecture; needs no labels | starts from a good net; a knob for the size |
# | weakness | a full training for each size; a teacher must exist | bound to the net's architecture; positions cost |
#
# They can be combined: distil then prune; both at once; in turns.

# %% [markdown]
# Eight ways, one size of file: that of the net with 7,512 parameters, stored densely.
# Pruned nets are stored with a bitmask, and with as many weights as fit. All were trained for 12 epochs in total.
#
# **Predict:** at equal bytes, does the net that was born small win, or the large one with holes?

# %%
ways = {
    "7,512, labels": "small, labels",
    "7,512, taught": "small, taught",
    "91,320 pruned, labels": "labels, then pruned",
    "91,320 distilled, then pruned with labels": "taught, then pruned with labels",
    "91,320 distilled, then pruned and taught at once": "taught, then pruned and taught",
    "91,320 distilled, then pruned and taught in turns": "taught, pruned in turns",
    "25,080 pruned, labels": "middle, labels, then pruned",
    "25,080 distilled, then pruned and taught at once": "middle, taught, then pruned and taught",
}
rows = [
    [
        name,
        max(of_run(run, "file")),
        of_run(run, "weights")[0],
        round(of_run(run, "macs")[0] / 1e6, 1),
        text(of_run(run)),
    ]
    for name, run in ways.items()
]
plots.table(["way", "file, bytes", "weights", "million MACs", "accuracy, %"], rows)

# %% [markdown]
# **What happened.** Pruning wins over being born small: 65.7 % for the dense net of 7,512 parameters, 70.1 % for 5,824 chosen out of 24,512.
# The extremes do worse: the largest net at this size keeps 3,242 weights of 90,496, and its mask takes a third of the file.
#
# The teacher adds two points to the best way, distilled *and* pruned, and about one to the largest net; whether it stays in the retraining makes no difference that three
# seeds could tell. Pruning in turns, a big step each, is worst.

# %% [markdown]
# By MACs it is the other way round: dense kernels do not see the zeros, and the net that was born small needs less than half of what the others need.
#
# They complement each other: distillation chooses the shape, pruning then takes what the shape can spare, and the teacher can stay in the loss.
# Who adjusts both together, or by turns with small steps, should measure it against the simple order.

# %% [markdown]
# ## 6 Limits
#
# **What distillation costs, and what it gives.**
#
# | | benefit | cost |
# |---|---|---|
# | file and time | those of the student, which you design | none at run time |
# | labels | not needed where the teacher answers | its errors are taught as well |
# | training | once, with any data | the teacher first, and its answers for each view |
# | accuracy | a part of the gap | the rest remains: a small student cannot hold what it is told (**capacity gap**) |
# | knobs | $T$, $\alpha$, the layer of a hint | each wants trials on held-out images |

# %% [markdown]
# **What this lesson cannot show.**
#
# - The CIFAR teacher has learnt from 50,000 labelled images, its students from 10,000 of them.
#   A part of every gain is the other 40,000 images, which reach the student through the teacher.
# - It had teachers itself, among them its first self and the student's net, trained on all images. That first self, trained with smoothed labels, taught the larger students less
#   than half as much: smoothing flattens what a net knows about wrong classes (Müller et al. 2019).
# - The students' trainings are short. Beyer et al. (2022) train 10 to 100 times as long, and the gain grows.
# - The teacher knows the right labels behind the wrong ones. In life, its own labels are noisy too.
# - Three seeds tell 3 points from 1, not 0.3 from 0.1.

# %% [markdown]
# ## 7 Summary

# %%
teacher_ = recorded["teacher"]
rows = [
    ["parameters", teacher_["parameters"], 91_320, 91_320],
    ["file, bytes", teacher_["file"], of_run("labels", "file")[0], of_run("taught", "file")[0]],
    [
        "million MACs",
        *(round(macs / 1e6, 1) for macs in (teacher_["macs"], *[of_run("taught", "macs")[0]] * 2)),
    ],
    [
        "time, one batch",
        *(of[f"CIFAR {name}"][-1] / of["CIFAR student"][-1] for name in ("teacher", "student", "student")),
    ],
    ["labels it learned from", teacher_["training_images"], 10_000, 10_000],
    ["accuracy, %", f"{teacher_['accuracy']:.1f}", text(of_run("labels")), text(of_run("taught"))],
]
plots.table(
    ["CIFAR-10, 10,000 test images", "before: teacher", "student alone", "after: student, taught"], rows
)

# %% [markdown]
# **The answer.** 3.3 of 17 points, if the student has 10,000 labels itself, and after a short training; none of them, if the student is too small.
# Without any label the middle student does better than with 10,000 of its own, and that is the real inheritance: it is 15 points ahead of one with 1,000 labels, and of a
# digit that nobody has shown it, it recognises most.

# %% [markdown]
# **In three sentences.**
# A teacher's softened answers say what an image resembles, and a student can learn from them without a label.
# The gain is large where labels are few, wrong or missing, smaller where the student had enough of them, and gone where it is too small.
# It counts only against the same student, trained as long and as well without a teacher.

# %% [markdown]
# **Interview questions.**
#
# <details><summary>1. Write the distillation loss. Why the factor T², and which argument of the divergence comes first?</summary>
#
# $\alpha T^2 \, \mathrm{KL}(p \,\|\, q) + (1 - \alpha) \, \mathrm{CE}$, the teacher's $p$ first: it is the truth here, the student's $q$ the guess.
# The gradient of the divergence falls like $1 / T^2$; the factor keeps its weight against the labels when $T$ is changed.
# In `F.kl_div` the student comes first, as logarithms.
#
# </details>

# %% [markdown]
# <details><summary>2. A colleague reports +5 points by distillation. What do you ask?</summary>
#
# What the same student reaches without a teacher: same start, images, augmentation, steps, and a learning rate chosen for it.
# How many seeds, and how far apart.
# Which labels the teacher had seen that the baseline had not.
#
# </details>

# %% [markdown]
# <details><summary>3. Distil, prune, or both?</summary>
#
# If it must be fast with ordinary kernels, or have another architecture: distil into a small dense net.
# If only the file counts and a good net exists: prune it, and let the teacher help in the retraining.
# Compare at equal bytes of real files, and look at the MACs as well.
#
# </details>

# %% [markdown]
# **Primary papers.**
#
# - Buciluă, Caruana, Niculescu-Mizil 2006, Model Compression: an ensemble labels data for a small net.
# - Hinton, Vinyals, Dean 2015, Distilling the Knowledge in a Neural Network: temperature, $T^2$, the digit never seen.
# - Romero et al. 2015, FitNets: Hints for Thin Deep Nets.
# - Zagoruyko, Komodakis 2017, Paying More Attention to Attention.
# - Cho, Hariharan 2019, On the Efficacy of Knowledge Distillation: when the teacher is too good.
# - Müller, Kornblith, Hinton 2019, When Does Label Smoothing Help?
# - Beyer et al. 2022, Knowledge distillation: A good teacher is patient and consistent.
