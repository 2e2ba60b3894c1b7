# ---
# title: The clinic of faulty answers
# covers: [F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15, F16, F17]
# ---

# %% [markdown]
# # The clinic: repair what circulates
#
# Answers to interview questions about compression are copied from page to page, and some have been wrong from the beginning.
# Here are listings of our own that show such faults, one each.
#
# Every patient comes with a symptom on a trained network.
# First explain the symptom from the listing, then write the repaired function, then run the check below it.
# A listing's function is called as yours, with `_faulty` behind its name: put your own into the cell of the symptom once the check
# passes, and see the symptom go.
#
# Each task stands alone.
# What the faults have in common: the code runs, and most of the numbers look like numbers.

# %% imports="clinic"

# %% [markdown]
# LeNet-300-100, trained on MNIST, is the patient of the first listings.
# It sees all test images.

# %%
from shrink import data, training

digits = data.mnist("test")
lenet = training.load_checkpoint("lenet_300_100")
print(f"dense: {100 * training.accuracy(lenet, digits, dataset='mnist'):.2f} % of the digits right")

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
import copy


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
