"""Returns maps of height and width instead of one row for each image."""


def attention_map(features):
    energy = features.pow(2).mean(dim=1)
    return energy / energy.flatten(1).norm(dim=1).view(-1, 1, 1)
