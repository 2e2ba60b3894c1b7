"""What several rooms' experiments are judged with: MNIST, flat and normalised, and a checkpoint."""

from autograder.task import scenario

LENET = {
    "1.weight": (300, 784), "1.bias": (300,), "3.weight": (100, 300), "3.bias": (100,),
    "5.weight": (10, 100), "5.bias": (10,),
}  # fmt: skip


@scenario
def mnist_training(work):  # type: ignore[no-untyped-def]
    from shrink.data import mnist, to_float

    split = mnist("train")
    return to_float(split.images, "mnist").view(-1, 784), split.labels


@scenario
def mnist_test(work):  # type: ignore[no-untyped-def]
    from shrink.data import mnist, to_float

    split = mnist("test")
    return to_float(split.images, "mnist").view(-1, 784), split.labels


@scenario
def lenet_checkpoint(work):  # type: ignore[no-untyped-def]
    from shrink.training import load_checkpoint

    return dict(load_checkpoint("lenet_300_100").state_dict())
