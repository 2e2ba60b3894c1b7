"""Gives the activations 24 bits, whatever bits says."""


def quantize_network(model, batches, *, bits=8):
    return quantize_layers(model, batches, weight_bits=bits, activation_bits=24, correct_bias=True)  # noqa: F821
