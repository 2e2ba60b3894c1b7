"""Sorts twice: the rank of each weight in its group."""


def n_of_m_mask(weight, *, keep=2, group=4):
    if not 0 <= keep <= group:
        raise ValueError(f"keep must lie in 0 .. {group}, got {keep}")
    if weight.shape[-1] % group:
        raise ValueError(f"group = {group} does not divide {weight.shape[-1]}")
    blocks = weight.abs().unflatten(-1, (-1, group))
    ranks = blocks.argsort(dim=-1, descending=True).argsort(dim=-1)
    return (ranks < keep).flatten(-2)
