"""Makes two children from the same parents and the same cut."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    count, genes = population.shape
    ranking = scores.argsort(descending=True)
    rows = [population[ranking[0]]]
    while len(rows) < count:
        one, other = ranking[torch.randperm(count // 2, generator=generator)[:2]]
        cut = int(torch.randint(1, genes, (), generator=generator))
        for left, right in ((one, other), (other, one)):
            child = torch.cat([population[left, :cut], population[right, cut:]])
            rows.append(child ^ (torch.rand(genes, generator=generator) < mutation_rate))
    return torch.stack(rows[:count])
