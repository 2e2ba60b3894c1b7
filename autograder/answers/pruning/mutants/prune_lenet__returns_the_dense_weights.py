"""Returns the dense weights, with nothing pruned."""


def prune_lenet(model, images, labels):
    return model.state_dict()
