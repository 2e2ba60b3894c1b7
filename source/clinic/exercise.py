# ---
# title: The clinic of faulty answers
# covers: [F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15, F16, F17]
# ---

# %% [markdown]
# # The clinic: repair what circulates
#
# Answers to interview questions about compression are copied from page to page, and some have been wrong from the beginning.
# Here are listings of our own that show such faults.
#
# Every patient comes with a symptom on a trained network.
# First explain the symptom from the listing, then write the repaired function, then run the check below it.
# A listing's function is called as yours, with `_faulty` behind its name: put your own into the cell of the symptom once the check
# passes, and see the symptom go.
#
# Each task stands alone.
# What most of them have in common: the code runs, and its numbers look like numbers.

# %% imports="clinic"

# %% [markdown]
# LeNet-300-100, trained on MNIST, is the patient of the first listings, and the teacher where one is needed.
# It sees all test images.

# %%
import textwrap

from shrink import data, training

digits = data.mnist("test")
pixels = data.to_float(digits.images, "mnist").flatten(start_dim=1)  # (10000, 784)
lenet = training.load_checkpoint("lenet_300_100")
answers = training.predict(lenet, digits.images, dataset="mnist")  # logits (10000, 10)


def accuracy_with(weight):
    """Of LeNet-300-100 with another first matrix, on the test images."""
    net = copy.deepcopy(lenet)
    net[1].weight.data = weight
    return training.accuracy(net, digits, dataset="mnist")


print(f"dense: {accuracy_with(lenet[1].weight.data):.1%} of the digits right")

# %% [markdown]
# ## `prune_smallest`: a little is pruned, and some digits are never named again
#
# *Difficulty 1 of 5 · about 10 minutes*
#
# **Asked for.** A function that prunes a given fraction of a weight.
#
# **The listing.** It counts well, and returns the right number of zeros in the right shape.

# %% fault="prune_smallest__keeps_the_first"

# %% [markdown]
# **The symptom.** All three matrices of the net are pruned.
# Look at how few zeros are enough, and at how many of the ten digits still occur among the answers.


# %%
def show_pruned(prune):
    """Accuracy of LeNet-300-100 with all its matrices pruned, and the digits that it still names."""
    for sparsity in (0.1, 0.3, 0.5, 0.8):
        net = copy.deepcopy(lenet)
        for layer in (net[1], net[3], net[5]):
            layer.weight.data = prune(layer.weight.data, sparsity)
        named = training.predict(net, digits.images, dataset="mnist").argmax(dim=1)
        right = (named == digits.labels).float().mean()
        print(f"{sparsity:.0%} zeros: {right:.1%} right, {len(named.unique())} of 10 digits named")


show_pruned(prune_smallest_faulty)

# %% [markdown]
# **Contract.** Of $n$ weights exactly $\mathrm{round}(s \cdot n)$ become 0, Python's `round`, those of the smallest magnitude.
# The others keep their values, and the result keeps the shape.
# Among equal magnitudes any choice is right, as long as the number is.
# The argument stays as it is.
#
# **Example.** Weights [0.3, -0.2, 0.1, -0.4], sparsity 0.5: 0.1 and -0.2 go, [0.3, 0, 0, -0.4].

# %% task="prune_smallest"

# %% check="prune_smallest"

# %% [markdown]
# <details><summary>Hint: the last rows of the matrix are all zero?</summary>
#
# Then whole neurons are gone, however strong they were. The place of a weight says nothing about its size.
#
# </details>
#
# <details><summary>Hint: still far from the dense accuracy at few zeros?</summary>
#
# Minus 0.9 is the smallest number of the list and one of its largest weights.
#
# </details>

# %% [markdown]
# ## `train_pruned_`: the zeros do not survive the first step
#
# *Difficulty 3 of 5 · about 20 minutes*
#
# **Asked for.** A function that prunes a layer with a mask and trains what is left.
#
# **The listing.** The mask is multiplied in, the layer is trained, and neither step complains.
# Without the `nn.Parameter` around the product, PyTorch refuses the assignment with a `TypeError`.

# %% fault="train_pruned___puts_a_new_parameter_in"

# %% [markdown]
# **The symptom.** The last layer of the net loses its smaller half and is trained on the features of the digits.
# Look at the zeros after one step, and at what has become of the Parameter that everybody else holds.

# %%
with torch.no_grad():
    features = lenet[:5](pixels)  # (10000, 100), what the last layer sees


def show_zeros(train):
    """Zeros of the pruned last layer after some steps, and whether it still is the same Parameter."""
    for steps in (0, 1, 10):
        layer = copy.deepcopy(lenet[5])
        mask = layer.weight.abs() > layer.weight.abs().median()
        before = layer.weight
        batches = zip(features.split(100)[:steps], digits.labels.split(100)[:steps], strict=True)
        train(layer, mask, batches, lr=0.01)
        zeros = (layer.weight == 0).float().mean()
        print(f"after {steps:>2} steps: {zeros:.0%} zeros, same Parameter: {layer.weight is before}")


show_zeros(train_pruned__faulty)

# %% [markdown]
# **Contract.** The weight becomes $w \cdot m$.
# Then each batch gives one step of SGD with momentum 0.9 and the given learning rate on the mean cross-entropy of the layer's outputs, and
# behind each step the weight becomes $w \cdot m$ again.
# Old gradients do not count.
# Weight and bias remain the Parameter objects they were.
# Without a batch the layer is pruned all the same.
#
# **Example.** Weights [0.4, -0.3], mask [True, False], one step that would take them to [0.5, -0.1]: [0.5, 0].
# At the next step the layer computes with [0.5, 0], and -0.3 is gone for good.

# %% task="train_pruned_"

# %% check="train_pruned_"

# %% [markdown]
# <details><summary>Hint: half of the weights are zero before the training and none behind it?</summary>
#
# A zero has a gradient like any other number. Somebody has to set it back after each step.
#
# </details>
#
# <details><summary>Hint: the zeros stay, and nothing else moves?</summary>
#
# The optimizer trains a Parameter that the layer no longer has. Change the values of the old one: `data`, or `torch.no_grad()`.
#
# </details>
#
# <details><summary>Hint: the first step is right and the second is not?</summary>
#
# Momentum lives in the optimizer: one for all steps. And gradients add up until they are cleared.
#
# </details>

# %% [markdown]
# ## `pruned_layer`: the layer does not take its input any more
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Asked for.** A copy of a dense layer without its small weights.
#
# **The listing.** It takes the weights that are large enough, and those alone.

# %% fault="pruned_layer__boolean_index_flattens"

# %% [markdown]
# **The symptom.** The first layer of the net is pruned and shown the digits.
# Look at the shape of the weight: where has the information gone which weight belongs to which pixel?


# %%
def show_layer(prune):
    """Shape of the pruned first layer's weight, and what it says to the digits."""
    layer = prune(lenet[1], 0.02)
    print(f"{tuple(lenet[1].weight.shape)} before, {tuple(layer.weight.shape)} now")
    try:
        print(f"outputs of shape {tuple(layer(pixels).shape)}")
    except RuntimeError as error:
        print(f"RuntimeError: {error}")


show_layer(pruned_layer_faulty)

# %% [markdown]
# **Contract.** A new `nn.Linear` of the same sizes comes back.
# Its weight is that of the layer where $|w| > \theta$, and 0 elsewhere; its bias is that of the layer, and a layer without a bias gives one
# without.
# The layer given stays as it is, and shares no memory with the new one.
#
# **Example.** Weight [[0.5, -0.1], [0.2, -0.75]], threshold 0.2: [[0.5, 0], [0, -0.75]].

# %% task="pruned_layer"

# %% check="pruned_layer"

# %% [markdown]
# <details><summary>Hint: "must be a matrix, got 1-D tensor"?</summary>
#
# `weight[mask]` is a list of the kept values. As many as there were have to stay, with zeros where something goes.
#
# </details>
#
# <details><summary>Hint: the old layer changes with the new one?</summary>
#
# `pruned.bias = layer.bias` gives the bias another name and makes no second one.
#
# </details>

# %% [markdown]
# ## `quantize_signed`: no weight is negative any more
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Asked for.** 8-bit codes for the weights of a layer, and the scale that turns them back.
#
# **The listing.** Eight bits have $2^8 - 1$ steps, and a byte is a `uint8`: both are true.

# %% fault="quantize_signed__casts_to_unsigned"

# %% [markdown]
# **The symptom.** The first matrix of the net is replaced by what its codes stand for.
# Compare the signs of the columns.


# %%
def show_signed(quantize):
    """Some weights and their codes, the share of negative ones, the accuracy of what codes stand for."""
    weight = lenet[1].weight.data
    codes, scale = quantize(weight, bits=8)
    restored = scale * codes.float()
    for at in range(300, 306):
        print(f"weight {weight[0, at]:+.4f}  code {codes[0, at]:4d}  restored {restored[0, at]:+.4f}")
    print(f"negative: {(weight < 0).float().mean():.1%} before, {(restored < 0).float().mean():.1%} now")
    print(f"accuracy: {accuracy_with(restored):.1%}")


show_signed(quantize_signed_faulty)

# %% [markdown]
# **Contract.** $s = \max |w| / (2^{b-1} - 1)$, and each code is the integer nearest to $w / s$, within $\pm (2^{b-1} - 1)$.
# The codes are `int8` in the shape of the weight, the scale is a `float`; 2 to 8 bits.
# If all weights are zero, the scale is 1.0.
#
# **Example.** Weights [1, -2.1, 0.5, 4], 4 bits: $s = 4 / 7$, and $w / s$ is 1.75, -3.675, 0.875, 7.
# So the codes are [2, -4, 1, 7].

# %% task="quantize_signed"

# %% check="quantize_signed"

# %% [markdown]
# <details><summary>Hint: -1 became 255?</summary>
#
# An unsigned byte has no sign bit, so the cast counts from the other end. Signed codes reach from -127 to 127.
#
# </details>
#
# <details><summary>Hint: signs are right, and the largest weights came back with the wrong one?</summary>
#
# The largest code of `int8` is 127. With one step more, it wraps around like the others.
#
# </details>

# %% [markdown]
# ## `codes_and_back`: the layer's outputs drift away
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Asked for.** Quantization with a given scale and zero point, and the way back.
#
# **The listing.** It clips first, so that nothing falls below the zero point, and it ends with the codes: how one gets a weight back is left
# to the reader.

# %% fault="codes_and_back__clips_before_scaling_and_stops"

# %% [markdown]
# **The symptom.** The first matrix of the net goes through the codes, and the cell itself brings them back.
# Compare the smallest weight and the mean of the layer's outputs with those before.


# %%
def show_affine(quantize):
    """Smallest weight and mean output of the first layer, before and after; the accuracy of the net."""
    weight = lenet[1].weight.data
    scale = (weight.max() - weight.min()).item() / 255
    zero_point = round(-weight.min().item() / scale)
    codes = quantize(weight, scale, zero_point)
    codes = codes[0] if isinstance(codes, tuple) else codes
    restored = scale * (codes.float() - zero_point)
    for name, values in (("before", weight), ("now", restored)):
        outputs = F.linear(pixels, values, lenet[1].bias.data)
        print(f"{name:<6}  smallest weight {values.min():+.3f}, mean output {outputs.mean():+.2f}")
    print(f"accuracy: {accuracy_with(restored):.1%}")


show_affine(codes_and_back_faulty)

# %% [markdown]
# **Contract.** Each code is $\mathrm{round}(w / s) + z$, clipped to 0 .. 255, as `uint8`.
# Each restored weight is $s \cdot (q - z)$ of its code $q$, as `float32`, from the clipped code.
# Both come back, in this order and in the shape of the weight.
#
# **Example.** Scale 0.25, zero point 2, weights [-1, -0.3, 0, 0.8].
# $w / s$ rounded is [-4, -1, 0, 3], plus 2 that is [-2, 1, 2, 5], so the codes are [0, 1, 2, 5], and back come [-0.5, -0.25, 0, 0.75].

# %% task="codes_and_back"

# %% check="codes_and_back"

# %% [markdown]
# <details><summary>Hint: no restored weight is below zero?</summary>
#
# The zero point is a code, and the weight a float. Codes are clipped, at the end, and to what a byte can hold.
#
# </details>
#
# <details><summary>Hint: small negative weights came back very large?</summary>
#
# 1 - 2 is 255 in `uint8`. Make floats of the codes before you subtract.
#
# </details>

# %% [markdown]
# ## `stretch_to_int8`: two different weights are left
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Asked for.** The weights of a layer as `int8`, with their range, so that they can be brought back.
#
# **The listing.** The weights are brought to [0, 1], and then to `int8`.

# %% fault="stretch_to_int8__casts_without_scaling"

# %% [markdown]
# **The symptom.** The first matrix of the net goes to `int8` and back, by $\mathrm{low} + (q + 128) / 255 \cdot (\mathrm{high} - \mathrm{low})$.
# Look at how many of the 256 codes occur.


# %%
def show_stretched(stretch):
    """How often the commonest codes occur, and the accuracy with what they stand for."""
    weight = lenet[1].weight.data
    codes, low, high = stretch(weight)
    values, counts = codes.unique(return_counts=True)
    print(f"{len(values)} codes occur; the commonest, {values[counts.argmax()]}, {counts.max():,} times")
    restored = low + (codes.float() + 128) / 255 * (high - low)
    print(f"{len(restored.unique())} different weights are left, accuracy {accuracy_with(restored):.1%}")


show_stretched(stretch_to_int8_faulty)

# %% [markdown]
# **Contract.** Between the smallest weight, $\mathrm{low}$, and the largest, $\mathrm{high}$,
#
# $$q = \mathrm{round}\left(255 \cdot \frac{w - \mathrm{low}}{\mathrm{high} - \mathrm{low}}\right) - 128$$
#
# as `int8` in the shape of the weight.
# Codes, $\mathrm{low}$ and $\mathrm{high}$ come back, the latter as floats.
# If all weights are equal, all codes are -128.
#
# **Example.** Weights [-1, 0, 1, 4]: the fraction is [0, 0.2, 0.4, 1], times 255 that is [0, 51, 102, 255], so the codes are [-128, -77, -26, 127].

# %% task="stretch_to_int8"

# %% check="stretch_to_int8"

# %% [markdown]
# <details><summary>Hint: all codes are 0 and a single one is 1?</summary>
#
# A cast to an integer cuts off what stands behind the point, and 0.99 becomes 0. First stretch, then round, then cast.
#
# </details>
#
# <details><summary>Hint: the larger half of the weights came back as the smallest?</summary>
#
# `int8` ends at 127, and 128 is -128 there. Subtract before you cast.
#
# </details>

# %% [markdown]
# ## `soft_loss`: a distance below zero
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Asked for.** The KL divergence of the student's distribution from the teacher's.
#
# **The listing.** Two softmaxes and `kl_div`, in an order that reads well.

# %% fault="soft_loss__probabilities_for_log_probabilities"

# %% [markdown]
# **The symptom.** Three students of the trained net: one gives the same logits, one gives none a preference, one says the contrary.
# Look at the signs, and at how much worse the contrary is than ignorance.


# %%
def show_students(loss):
    """The loss of three students whose rank is plain."""
    students = {"agrees": answers, "knows nothing": torch.zeros_like(answers), "contradicts": -answers}
    for name, logits in students.items():
        print(f"{name:<14}{loss(logits, answers):+.4f}")


show_students(soft_loss_faulty)

# %% [markdown]
# **Contract.** With $p$ = softmax(teacher) and $q$ = softmax(student), the mean over the batch of
#
# $$\mathrm{KL}(p \,\|\, q) = \sum_c p_c \, (\log p_c - \log q_c)$$
#
# as a scalar that has a gradient for the student and none for the teacher.
# Logits that are far apart are no excuse for an infinite loss.
#
# **Example.** $p$ = (1/4, 3/4) and $q$ = (1/2, 1/2): 1/4 · log(1/2) + 3/4 · log(3/2) = 0.1308.
# The other way round it would be 0.1438.

# %% task="soft_loss"

# %% check="soft_loss"

# %% [markdown]
# <details><summary>Hint: the loss is negative, or not zero for a student who agrees?</summary>
#
# `kl_div(input, target)` takes the logarithms of the one and the probabilities of the other. Its documentation says which is which.
#
# </details>
#
# <details><summary>Hint: almost right, but 0.1438 for 0.1308?</summary>
#
# The divergence is not symmetric. The teacher's probabilities are the weights of the sum.
#
# </details>

# %% [markdown]
# ## `tempered_loss`: the higher the temperature, the less is learnt
#
# *Difficulty 3 of 5 · about 15 minutes*
#
# **Asked for.** The divergence of softened distributions, as distillation uses it.
#
# **The listing.** Softened it is: probabilities over a temperature.

# %% fault="tempered_loss__temperature_on_probabilities"

# %% [markdown]
# **The symptom.** The teacher is the trained net, the student knows nothing yet.
# Look at the size of the gradient while the temperature rises.


# %%
def show_temperatures(loss):
    """The gradient's norm for a student without a preference."""
    for temperature in (1.0, 2.0, 4.0, 8.0, 16.0):
        logits = torch.zeros_like(answers, requires_grad=True)
        loss(logits, answers, temperature).backward()
        print(f"temperature {temperature:4.0f}: gradient {logits.grad.norm():.1e}")


show_temperatures(tempered_loss_faulty)

# %% [markdown]
# **Contract.** With $p$ = softmax(teacher / T) and $q$ = softmax(student / T), the scalar is $T^2$ times the mean over the batch of
# $\mathrm{KL}(p \,\|\, q)$.
# It has a gradient for the student and none for the teacher.
#
# **Example.** Student [0, 0], teacher [0, 2.1972], T = 2: the teacher's logits become [0, 1.0986], so $p$ = (1/4, 3/4), $q$ = (1/2, 1/2), and the
# loss is $4 \cdot 0.1308 = 0.5232$.

# %% task="tempered_loss"

# %% check="tempered_loss"

# %% [markdown]
# <details><summary>Hint: even at temperature 1 the gradient is tiny?</summary>
#
# A softmax of numbers between 0 and 1 is almost uniform. The temperature belongs to the logits, before the only softmax.
#
# </details>
#
# <details><summary>Hint: right at temperature 1, and smaller and smaller above it?</summary>
#
# Dividing the logits by T divides the gradient by T once for the student, and about once more because the two distributions approach each other.
# $T^2$ makes up for both.
#
# </details>

# %% [markdown]
# ## `mixed_loss`: a teacher nobody listens to
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Asked for.** The loss of a student who learns from labels and a teacher.
#
# **The listing.** Two terms, and a weight between them.

# %% fault="mixed_loss__compares_the_teacher_with_the_labels"

# %% [markdown]
# **The symptom.** An untrained student, and the trained net as its teacher.
# The gradient is compared with that of the labels alone: its direction (a cosine of one is the same), and its length.
# What remains of the teacher?

# %%
from shrink.nets import lenet_300_100

torch.manual_seed(0)
guesses = lenet_300_100()(pixels).detach()


def show_gradient(loss):
    """How the gradient of the mixture differs from that of the labels alone."""
    gradients = []
    for alpha in (0.0, 0.5, 0.9):
        logits = guesses.clone().requires_grad_()
        loss(logits, answers, digits.labels, alpha=alpha).backward()
        gradients.append(logits.grad.flatten())
        cosine = F.cosine_similarity(gradients[0], gradients[-1], dim=0)
        length = gradients[-1].norm() / gradients[0].norm()
        print(f"alpha {alpha}: cosine {cosine:.4f}, length {length:.2f}")


show_gradient(mixed_loss_faulty)

# %% [markdown]
# **Contract.** $\alpha \cdot \mathrm{KL}(p \,\|\, q) + (1 - \alpha) \cdot$ cross-entropy of the student with the labels, both means over the batch,
# with $p$ = softmax(teacher) and $q$ = softmax(student).
# It has a gradient for the student, also at $\alpha = 1$, and none for the teacher.
#
# **Example.** $q$ = (1/2, 1/2), $p$ = (1/4, 3/4), label 0, $\alpha$ = 0.5: 0.5 · 0.1308 + 0.5 · 0.6931 = 0.4120.

# %% task="mixed_loss"

# %% check="mixed_loss"

# %% [markdown]
# <details><summary>Hint: the same direction at every alpha?</summary>
#
# Then one term is a constant for the student. Which of its two arguments comes from the student?
#
# </details>
#
# <details><summary>Hint: the value is right and the gradient is not?</summary>
#
# Detach the teacher, and not the student.
#
# </details>

# %% [markdown]
# ## `teach_step_`: the student forgets what it knew
#
# *Difficulty 3 of 5 · about 20 minutes*
#
# **Asked for.** A step that moves a teacher's knowledge into a student.
#
# **The listing.** Knowledge sits in the parameters, so the parameters are averaged.

# %% fault="teach_step___averages_the_parameters"

# %% [markdown]
# **The symptom.** Two students meet the trained net.
# The first answers exactly like it, for it is the same net with its hidden units in another order.
# The second is a smaller net.
# Predict what one step of the listing makes of each.

# %%
reordered = copy.deepcopy(lenet)
for place, nearest in ((1, 3), (3, 5)):
    order = torch.randperm(len(lenet[place].weight), generator=torch.Generator().manual_seed(place))
    reordered[place].weight.data = reordered[place].weight.data[order]
    reordered[place].bias.data = reordered[place].bias.data[order]
    reordered[nearest].weight.data = reordered[nearest].weight.data[:, order]
torch.manual_seed(0)
smaller = nn.Sequential(nn.Flatten(), nn.Linear(784, 30), nn.ReLU(), nn.Linear(30, 10))


def show_students_after(teach):
    """Accuracy of both students before and after one step on a thousand digits."""
    for name, student in (("reordered", reordered), ("smaller", smaller)):
        net = copy.deepcopy(student)
        before = training.accuracy(net, digits, dataset="mnist")
        try:
            teach(net, lenet, pixels[:1000], torch.optim.SGD(net.parameters(), lr=0.02))
            print(
                f"{name:<11}{before:.1%} before, {training.accuracy(net, digits, dataset='mnist'):.1%} after"
            )
        except RuntimeError as error:
            print(textwrap.fill(f"{name:<11}RuntimeError: {error}", 80, subsequent_indent=" " * 11))


show_students_after(teach_step__faulty)

# %% [markdown]
# **Contract.** One step of the optimizer on
#
# $$T^2 \cdot \mathrm{KL}(p \,\|\, q)$$
#
# the mean over the batch, with $p$ = softmax(teacher / T) and $q$ = softmax(student / T).
# Gradients from before do not count.
# The teacher comes in eval mode; it gets no gradients and stays exactly as it is.
# The student runs in the mode in which it comes.
# The loss before the step comes back as a `float`.
#
# **Example.** T = 2, student's logits [0, 0], teacher's [0, 2.1972]: the loss is 0.5232, as in the card of `tempered_loss`.
# The first logit falls with the step and the second rises, whatever layers they come from.

# %% task="teach_step_"

# %% check="teach_step_"

# %% [markdown]
# <details><summary>Hint: "The size of tensor a must match the size of tensor b"?</summary>
#
# Two networks have nothing in common but what they say to the same input. Compare that.
#
# </details>
#
# <details><summary>Hint: the first step is right and the next ones are too large?</summary>
#
# `backward()` adds to the gradients that are there.
#
# </details>
#
# <details><summary>Hint: the teacher has gradients?</summary>
#
# Its forward pass was recorded, too. There is a context in which nothing is.
#
# </details>

# %% [markdown]
# ## `sparse_copy`: never twice the same net
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Asked for.** A copy of a network in which a given fraction of the weights is zero.
#
# **The listing.** Something that sets a fraction $s$ of numbers to zero exists already, in every framework.

# %% fault="sparse_copy__drops_weights_out"

# %% [markdown]
# **The symptom.** Half of the net is set to zero, three times.
# Look at the accuracies, and at the size of the outputs beside that of the dense net.


# %%
def show_sparse(sparsify):
    """Zeros, accuracy and size of the outputs of three sparse copies."""
    print(f"dense: mean magnitude of an output {lenet(pixels).abs().mean():.2f}")
    for call in (1, 2, 3):
        net = sparsify(lenet, 0.5)
        zeros = (net[1].weight == 0).float().mean()
        size = net(pixels).abs().mean()
        right = training.accuracy(net, digits, dataset="mnist")
        print(f"call {call}: {zeros:.1%} zeros, {right:.1%} right, mean magnitude {size:.2f}")


show_sparse(sparse_copy_faulty)

# %% [markdown]
# **Contract.** In each parameter of two or more dimensions, $n$ numbers, exactly $\mathrm{round}(s \cdot n)$ become 0, those of the smallest
# magnitude; ties either way.
# What stays keeps its value, bit for bit, and so do vectors, such as biases, and buffers.
# The copy has memory of its own and the mode of the model, which stays as it is.
#
# **Example.** A layer with weight [[0.5, -2]] and bias [0.1], sparsity 0.5: [[0, -2]] and [0.1], at every call.

# %% task="sparse_copy"

# %% check="sparse_copy"

# %% [markdown]
# <details><summary>Hint: the zeros are right, and the outputs are too large?</summary>
#
# Dropout divides what stays by 1 - p, so that the sum stays the same on average. A pruned weight is no average.
#
# </details>
#
# <details><summary>Hint: one layer loses nearly everything and another nothing?</summary>
#
# The ranking runs over one tensor at a time.
#
# </details>

# %% [markdown]
# ## `next_generation`: evolution runs backwards
#
# *Difficulty 4 of 5 · about 25 minutes*
#
# **Asked for.** One generation of a genetic search: selection, crossover, mutation, and the best one survives.
#
# **The listing.** All of that is in it. Find three things that are wrong.

# %% fault="next_generation__breeds_the_worst"

# %% [markdown]
# **The symptom.** Which of the 100 units before the last layer of the net are needed?
# A candidate says for each unit whether it stays.
# Its score is the accuracy on a thousand digits, less a fifth of the fraction of units it keeps.
# Follow the best score.

# %%
with torch.no_grad():
    kept_features = lenet[:5](pixels[:1000])  # (1000, 100)


def scores_of(population):
    """Accuracy with the units that each candidate keeps, less 0.2 times their fraction."""
    answers_of = [(kept_features * kept) @ lenet[5].weight.data.T + lenet[5].bias.data for kept in population]
    right = [(logits.argmax(dim=1) == digits.labels[:1000]).float().mean() for logits in answers_of]
    return torch.stack(right) - 0.2 * population.float().mean(dim=1)


def show_evolution(breed):
    """Best and mean score of thirty candidates over twenty generations."""
    dice = torch.Generator().manual_seed(0)
    population = torch.rand(30, 100, generator=dice) < 0.5
    for number in range(21):
        scores = scores_of(population)
        if number % 5 == 0:
            print(f"generation {number:>2}: best {scores.max():.3f}, mean {scores.mean():.3f}")
        population = breed(population, scores, mutation_rate=0.01, generator=dice)


show_evolution(next_generation_faulty)

# %% [markdown]
# **Contract.** A population of $n$ candidates is a bool tensor, one candidate a row; the higher its score the better.
# Row 0 of the next generation is the best candidate, unchanged.
# Each of the other rows is a child of its own two parents, which are different rows among the $n // 2$ best ones.
# It takes the genes of one parent before a cut and those of the other from there on; every place between two genes is equally likely.
# Then each of its genes flips with the probability `mutation_rate`, whatever the others do.
# All randomness comes from `generator`.
#
# **Example.** Parents 1111 and 0000 have, without mutation, six possible children: 1000, 1100, 1110 and 0111, 0011, 0001.

# %% task="next_generation"

# %% check="next_generation"

# %% [markdown]
# <details><summary>Hint: the score falls from generation to generation?</summary>
#
# `argsort` goes upwards: the first position is that of the lowest score.
#
# </details>
#
# <details><summary>Hint: it rises for a while and then stops?</summary>
#
# If every child flips a gene, a good candidate is never copied. And two children of the same cut explore one place instead of two.
#
# </details>
#
# <details><summary>Hint: a child equals one of its parents?</summary>
#
# A cut before the first gene, or behind the last, leaves nothing of the other one. So does a parent that is drawn twice.
#
# </details>

# %% [markdown]
# ## `small_cnn`: the first batch does not get through
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Asked for.** A function that builds a small convolutional network for images of a given size.
#
# **The listing.** Every pooling halves the image, so the last layer is easily computed.

# %% fault="small_cnn__counts_halves_alone"

# %% [markdown]
# **The symptom.** Sixty-four images of CIFAR-10 are sent through two networks.
# Why does one of them take the images and the other not?

# %%
some_images = data.to_float(data.cifar10("test").images[:64], "cifar10")  # (64, 3, 32, 32)


def show_batch(build):
    """What two networks make of a batch, without and with padding."""
    for padding in (0, 1):
        net = build((3, 32, 32), [16, 32], padding=padding)
        try:
            print(f"padding {padding}: {tuple(net(some_images).shape)}")
        except RuntimeError as error:
            print(textwrap.fill(f"padding {padding}: RuntimeError: {error}", 80, subsequent_indent=" " * 11))


show_batch(small_cnn_faulty)

# %% [markdown]
# **Contract.** For each width a convolution with that many output channels and stride 1, `ReLU` and `MaxPool2d(2)`; then `Flatten` and one
# `Linear` to the classes, all in one `nn.Sequential`.
# A convolution with kernel size k and padding p makes size + 2p - k + 1 of a height or width, and pooling halves that, an odd rest dropped.
# Images need not be square.
# If nothing is left, `ValueError` with the word `image_shape` in its message.
#
# **Example.** Images (1, 28, 28), widths [8, 16]: 28, 26, 13, 11, 5 in both directions, so the last layer takes $16 \cdot 5 \cdot 5 = 400$ numbers.

# %% task="small_cnn"

# %% check="small_cnn"

# %% [markdown]
# <details><summary>Hint: "mat1 and mat2 shapes cannot be multiplied"?</summary>
#
# The second number of the first shape is what really arrives. Divide it by the channels and take the root: is that the size you counted on?
#
# </details>
#
# <details><summary>Hint: right for square images alone?</summary>
#
# A shape is (channels, height, width), and height and width go their own ways.
#
# </details>

# %% [markdown]
# ## `search_architecture`: a search that looks at one model
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Asked for.** A search over architectures, with a budget of trials.
#
# **The listing.** It returns an architecture and its score, as a search does.

# %% fault="search_architecture__builds_one_fixed_model"

# %% [markdown]
# **The symptom.** Nets of one to three hidden layers are trained on two thousand digits for two epochs.
# Their score is the accuracy on two thousand others, less one for each million parameters.
# Six trials are paid for, and each prints a line.

# %%
little = data.mnist("train").take(slice(0, 2000))
others = data.mnist("train").take(slice(50_000, 52_000))


def score_of(architecture):
    """Accuracy on other digits after a short training, less parameters / 1,000,000."""
    torch.manual_seed(0)
    sizes = [784] + architecture["depth"] * [architecture["width"]]
    hidden = [part for pair in itertools.pairwise(sizes) for part in (nn.Linear(*pair), nn.ReLU())]
    net = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], 10))
    training.train_(net, little, dataset="mnist", epochs=2, learning_rate=0.1, batch_size=100, progress=False)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    score = training.accuracy(net, others, dataset="mnist") - parameters / 1_000_000
    print(f"{architecture}: {parameters:,} parameters, score {score:.3f}")
    return score


def show_search(search):
    """Each candidate as it is evaluated, and the result."""
    space = {"depth": [1, 2, 3], "width": [8, 32, 128, 256]}
    best, score = search(space, score_of, trials=6, generator=torch.Generator().manual_seed(0))
    print(f"best: {best}, {score:.3f}")


show_search(search_architecture_faulty)

# %% [markdown]
# **Contract.** `space` maps each name to its choices, and a candidate is one choice for each name.
# Of all combinations, min(trials, how many there are) different ones are drawn, all equally likely, with `generator`.
# `evaluate` is called once for each, and the candidate of the highest score comes back with that score.
# Scores may be negative; ties either way.
#
# **Example.** depth 1 or 2, width 8 or 16, four trials: four calls of `evaluate`. With two trials, two of the four, other ones with another
# seed.

# %% task="search_architecture"

# %% check="search_architecture"

# %% [markdown]
# <details><summary>Hint: evaluate is called fewer times than there are trials?</summary>
#
# A random number drawn twice is a trial lost. Shuffle the combinations instead.
#
# </details>
#
# <details><summary>Hint: the first choices never lose?</summary>
#
# The first so many combinations of a list share their first choice. Drawing means that all have the same chance.
#
# </details>

# %% [markdown]
# ## `round_weights_`: worse than guessing
#
# *Difficulty 3 of 5 · about 20 minutes*
#
# **Asked for.** A function that shows what quantization costs: the weights are rounded to few levels, and the float model goes on with them.
#
# **The listing.** Range, scale, zero point, rounding, clipping: all there.

# %% fault="round_weights___writes_the_codes_back"

# %% [markdown]
# **The symptom.** The net is rounded to 8 bits and to 4.
# Look at the first weights of a row that were near zero before.


# %%
def show_rounded(rounding):
    """Accuracy after rounding, some weights, and how many digits are still named."""
    for bits in (8, 4):
        net = copy.deepcopy(lenet)
        rounding(net, bits=bits)
        named = training.predict(net, digits.images, dataset="mnist").argmax(dim=1)
        some = ", ".join(f"{weight:.3f}" for weight in net[1].weight[0, 300:304].tolist())
        right = (named == digits.labels).float().mean()
        print(f"{bits} bits: {right:.1%} right, {len(named.unique())} of 10 digits named")
        print(f"        weights {some}")


show_rounded(round_weights__faulty)

# %% [markdown]
# **Contract.** Each parameter of two or more dimensions has a range of its own, from $\mathrm{low}$, the smaller of its minimum and 0, to
# $\mathrm{high}$, the larger of its maximum and 0. With $b$ = `bits`,
#
# $$s = \frac{\mathrm{high} - \mathrm{low}}{2^b - 1} \qquad z = \mathrm{round}(-\mathrm{low} / s) \qquad q = \mathrm{round}(w / s) + z$$
#
# and each code $q$ is clipped to $0, \ldots, 2^b - 1$.
# The weight becomes $s \cdot (q - z)$, in place: the Parameter stays the same object.
# A matrix of zeros, vectors and buffers stay as they are.
#
# **Example.** Weights [-1, 0.2, 1.1, 2], 2 bits: scale 1, zero point 1, codes [0, 1, 2, 3], and the weights become [-1, 0, 1, 2].

# %% task="round_weights_"

# %% check="round_weights_"

# %% [markdown]
# <details><summary>Hint: all weights are positive whole numbers?</summary>
#
# Those are codes. A code is an address, and the weight is what lives there.
#
# </details>
#
# <details><summary>Hint: right for mixed signs, wrong for a matrix of positive weights?</summary>
#
# The range always contains 0, or no code would stand for it exactly.
#
# </details>

# %% [markdown]
# ## `stored_ratio`: the file is larger than the report
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Asked for.** How many times smaller a pruned network becomes.
#
# **The listing.** Nine of ten weights are zero, so the network is ten times smaller.

# %% fault="stored_ratio__counts_the_kept"

# %% [markdown]
# **The symptom.** The net is pruned and written to a file from which it can be read again: a bitmask that says where the kept weights are, and
# their values.
# Compare the ratio that is claimed with that of the file.

# %%
import os
import tempfile

from shrink.pruning import magnitude_mask, save_sparse


def show_ratios(ratio):
    """The ratio a function reports, and that of a real file."""
    for sparsity in (0.8, 0.9, 0.95):
        masks = {name: magnitude_mask(w, sparsity) for name, w in lenet.state_dict().items() if w.dim() > 1}
        pruned = {name: lenet.state_dict()[name] * mask for name, mask in masks.items()}
        with tempfile.TemporaryDirectory() as folder:
            save_sparse(f"{folder}/pruned", pruned, masks)
            file_bytes = os.path.getsize(f"{folder}/pruned")
        dense_bytes = sum(4 * w.numel() for w in pruned.values())
        print(f"{sparsity:.0%} zeros: reported {ratio(pruned):.2f}, file {dense_bytes / file_bytes:.2f}")


show_ratios(stored_ratio_faulty)

# %% [markdown]
# **Contract.** A tensor of $n$ float32 weights, $k$ of them not 0, takes 4 bytes that say how long it is and how it is stored, and the cheapest
# of three layouts: all weights, $4 n$ bytes; a bitmask and the kept weights, $\lceil n / 8 \rceil + 4 k$ bytes; or the kept weights, each with
# a position of 4 bytes, $8 k$ bytes.
# The ratio is that of the sums: $4 n$ of all tensors over what all of them take.
# `ValueError` with the word `weights` if there is no tensor at all.
#
# **Example.** Eight weights, one of them kept: $\min(32, 1 + 4, 8) + 4 = 9$ bytes instead of 32, a ratio of 3.56 and not of 8.

# %% task="stored_ratio"

# %% check="stored_ratio"

# %% [markdown]
# <details><summary>Hint: a ratio below 1?</summary>
#
# That is right where nothing is pruned: the four bytes come on top.
#
# </details>
#
# <details><summary>Hint: right for one tensor, wrong for several?</summary>
#
# Each tensor has its own cheapest layout, and a ratio of sums is no mean of ratios.
#
# </details>

# %% [markdown]
# ## `fuse_models`: two in one, at the price of two
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Asked for.** A small model made of several: better than each of them, and no larger.
#
# **The listing.** It adds their outputs, and one model comes back.

# %% fault="fuse_models__adds_the_outputs"

# %% [markdown]
# **The symptom.** The net is trained on with two parts of the digits, and the two nets that result are fused.
# Look at the accuracy, and at the price.

# %%
parts = [data.mnist("train").take(slice(start, start + 10_000)) for start in (0, 10_000)]
relatives = [copy.deepcopy(lenet) for _ in parts]
for relative, part in zip(relatives, parts, strict=True):
    training.train_(
        relative, part, dataset="mnist", epochs=1, learning_rate=0.05, batch_size=100, progress=False
    )


def show_fused(fuse):
    """Parameters and accuracy of the two nets and of the fused one."""
    for name, net in (("first", relatives[0]), ("second", relatives[1]), ("fused", fuse(relatives))):
        count = sum(parameter.numel() for parameter in net.parameters())
        right = training.accuracy(net, digits, dataset="mnist")
        print(f"{name:<8}{count:>8,} parameters, {right:.2%} right")


show_fused(fuse_models_faulty)

# %% [markdown]
# **Contract.** A new model comes back, with the architecture and the mode of the first.
# Each floating-point parameter and buffer is the mean of those of its name in all models.
# Whole numbers, such as the counter of a batch norm, are those of the first.
# The models given stay as they are and share no memory with it.
# If names or shapes differ, `ValueError` with the word `models`.
#
# **Example.** Two layers with weights [[1, -2]] and [[3, 4]], biases [0.5] and [-1.5]: [[2, 1]] and [-0.5].
#
# **When it is allowed.** These two nets have the same start, so their hidden units still correspond (Wortsman et al. 2022 average such models).
# For two that were trained apart it does what you saw at `teach_step_`.

# %% task="fuse_models"

# %% check="fuse_models"

# %% [markdown]
# <details><summary>Hint: as many parameters as all models together?</summary>
#
# The models are all still inside. The mean has to be taken of their weights, once, before anything runs.
#
# </details>
#
# <details><summary>Hint: the first model has changed?</summary>
#
# `copy.deepcopy` first. A state dict shows the model's own tensors, and not copies.
#
# </details>

# %% [markdown]
# ## The test that would have caught it
#
# Each of these listings would have been stopped by a few lines of test.
# In the last part you write them.
#
# Your test gets a candidate, which is one implementation of a function above, and calls it.
# If the candidate fulfils the contract of its card, the test returns; if not, it raises `AssertionError`.
# An error that the candidate itself raises counts as caught, as in pytest.
# All that can be known of a candidate comes from calling it: its source and its bytecode are hidden.
#
# The judge runs your test on right candidates, written in several styles, and on wrong ones: the listing, and others that break the contract
# in one point each.
# You get the share of wrong ones that it refuses, times the share of right ones that it accepts.
# So a test that refuses everything is worth nothing, and neither is one that accepts everything.

# %% [markdown]
# ### `test_for_prune_smallest`: which weights are gone
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **The symptom that nobody saw.** The listing of `prune_smallest` returns the right number of zeros in the right shape, at every sparsity.
# A test that counts passes.
#
# **Contract.** `candidate(weight, sparsity)`, with the contract of `prune_smallest`: which weights go, how many, what stays, the argument.
#
# **Example.** Of [1, 2, 3, 4] half is to go. If [1, 2, 0, 0] comes back, the test raises; if [0, 0, 3, 4] comes back, it goes on.

# %% task="test_for_prune_smallest"

# %% check="test_for_prune_smallest"

# %% [markdown]
# <details><summary>Hint: a right candidate is refused?</summary>
#
# Which of several equal weights go is left open. So is the sign of a zero: compare numbers, and not their text.
#
# </details>
#
# <details><summary>Hint: a wrong one slips through?</summary>
#
# An example in which place, sign and magnitude give the same ranking tells nothing apart. Choose one in which they differ, in two rows.
#
# </details>

# %% [markdown]
# ### `test_for_quantize_signed`: one negative weight
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **The symptom that nobody saw.** The codes of the listing have one byte each, and for half of the weights they are right.
#
# **Contract.** `candidate(weight, bits=bits)` returns (codes, scale), with the contract of `quantize_signed`.
#
# **Example.** Weights [1, -2.1, 0.5, 4] at 4 bits: the test raises unless the codes are the `int8` numbers 2, -4, 1, 7.

# %% task="test_for_quantize_signed"

# %% check="test_for_quantize_signed"

# %% [markdown]
# <details><summary>Hint: a right candidate is refused?</summary>
#
# A quotient of floats has a last digit that may differ. And a weight in the middle of two codes may become either.
#
# </details>
#
# <details><summary>Hint: a wrong one slips through?</summary>
#
# What happens at other widths than eight bits, if the largest weight is negative, if all are zero?
#
# </details>

# %% [markdown]
# ### `test_for_tempered_loss`: one value by hand
#
# *Difficulty 3 of 5 · about 15 minutes*
#
# **The symptom that nobody saw.** The listing gives a positive number, and zero for a student who agrees.
# Training with it goes down, as any loss does.
#
# **Contract.** `candidate(student_logits, teacher_logits, temperature)` returns a scalar, with the contract of `tempered_loss`; gradients are
# part of it.
#
# **Example.** Student [0, 0], teacher [0, 2.1972], temperature 2: the test raises unless the loss is about 0.5232.
# But a uniform student stays uniform at any temperature, so this example alone lets some mistakes through.

# %% task="test_for_tempered_loss"

# %% check="test_for_tempered_loss"

# %% [markdown]
# <details><summary>Hint: a right candidate is refused?</summary>
#
# float32 has about seven digits. Allow a relative difference of a ten-thousandth.
#
# </details>
#
# <details><summary>Hint: a wrong one slips through?</summary>
#
# At temperature 1 most mistakes are invisible, and 2 · 2 is also 2 + 2: choose 3. Let the teacher's logits require a
# gradient, too, and look whether they get one.
#
# </details>

# %% [markdown]
# ### `test_for_sparse_copy`: what stays stays
#
# *Difficulty 3 of 5 · about 15 minutes*
#
# **The symptom that nobody saw.** About half of the weights are zero after the listing, as was asked for.
#
# **Contract.** `candidate(model, sparsity)` returns a model, with the contract of `sparse_copy`: matrices, vectors, mode, the model given.
#
# **Example.** A layer with weight [[0.5, -2]] and bias [0.1] at sparsity 0.5: the test raises if the weight is [[0, -4]].

# %% task="test_for_sparse_copy"

# %% check="test_for_sparse_copy"

# %% [markdown]
# <details><summary>Hint: a wrong one slips through?</summary>
#
# One layer cannot show that each has a ranking of its own. And a model in eval mode cannot show that it was put there.
#
# </details>

# %% [markdown]
# ### `test_for_round_weights_`: are these still weights?
#
# *Difficulty 3 of 5 · about 15 minutes*
#
# **The symptom that nobody saw.** After the listing there are at most $2^b$ different values in a matrix.
#
# **Contract.** `candidate(model, bits=bits)` changes the model in place and returns nothing, with the contract of `round_weights_`.
#
# **Example.** Weights [-1, 0.2, 1.1, 2] at 2 bits: the test raises if they have become [0, 1, 2, 3].

# %% task="test_for_round_weights_"

# %% check="test_for_round_weights_"

# %% [markdown]
# <details><summary>Hint: nothing is ever caught?</summary>
#
# `before = layer.weight.data` is another name for the same memory. Take a clone.
#
# </details>
#
# <details><summary>Hint: a wrong one slips through?</summary>
#
# Try matrices with weights of one sign, with zeros alone, two of different range in one model, and look at a vector.
#
# </details>

# %% [markdown]
# ### `test_for_stored_ratio`: bytes, counted by hand
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **The symptom that nobody saw.** The ratio of the listing rises with the zeros, and without any it is 1.
#
# **Contract.** `candidate(weights)` returns a float, with the contract of `stored_ratio`; an empty dict is part of it.
#
# **Example.** Eight weights, one kept: the test raises unless the ratio is 32 / 9.

# %% task="test_for_stored_ratio"

# %% check="test_for_stored_ratio"

# %% [markdown]
# <details><summary>Hint: a wrong one slips through?</summary>
#
# There are three layouts, so three tensors in one dict are needed to see that each takes its own. Is the mask of yours a whole number of bytes?
#
# </details>
#
# <details><summary>Hint: a right candidate is refused for an empty dict?</summary>
#
# There the error is what the contract asks for. Catch `ValueError`, and that alone.
#
# </details>
