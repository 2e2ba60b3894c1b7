"""Sorts upwards, so the worst survive and breed, makes twins of each pair, and always flips a gene."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    order = scores.argsort()
    parents = population[order[: len(order) // 2]]
    offspring = [parents[0]]
    while len(offspring) < len(population):
        mother, father = parents[torch.randperm(len(parents), generator=generator)[:2]]
        cut = int(torch.randint(1, len(mother), (), generator=generator))
        for _ in range(2):
            child = torch.cat([mother[:cut], father[cut:]])
            spot = int(torch.randint(len(child), (), generator=generator))
            child[spot] = ~child[spot]
            offspring.append(child)
    return torch.stack(offspring[: len(population)])
