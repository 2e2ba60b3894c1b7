"""Nothing is pruned."""


def prune_lenet(model, images, labels):
    return model.state_dict()
