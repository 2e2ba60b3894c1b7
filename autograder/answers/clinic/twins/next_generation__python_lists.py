"""Lists of bools; one draw after the other from the generator."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    def below(top):
        return torch.randint(top, (1,), generator=generator).item()

    values = scores.tolist()
    best_first = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    genomes = population.tolist()
    made = [genomes[best_first[0]][:]]
    half = best_first[: len(values) // 2]
    for _ in range(len(values) - 1):
        mother = below(len(half))
        father = (mother + 1 + below(len(half) - 1)) % len(half)
        cut = 1 + below(len(made[0]) - 1)
        child = genomes[half[mother]][:cut] + genomes[half[father]][cut:]
        chances = torch.rand(len(child), generator=generator).tolist()
        made.append(
            [not g if chance < mutation_rate else g for g, chance in zip(child, chances, strict=True)]
        )
    return torch.tensor(made)
