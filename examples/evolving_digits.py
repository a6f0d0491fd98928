"""E-GAN on handwritten digits, beside the same with a survivor drawn at random: what is selection worth?"""

import argparse
from pathlib import Path

import numpy as np
import torch

from evogan.algorithms import egan
from evogan.datasets import digits
from evogan.experiments import ImageScorer, train
from evogan.features import digits_features
from evogan.gans import Recipe
from evogan.neuroevolution import RandomSelection, Truncation
from evogan.plotting import plot_evolution, save_figure, save_samples

RECIPE = Recipe(lr_G=1e-3, lr_D=1e-3, ema=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/evolving-digits"))
    parser.add_argument("--quick", action="store_true", help="30 generations")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    data = digits()
    scorer = ImageScorer(data, digits_features(), n=1000)
    for selection in (Truncation(), RandomSelection()):
        name = type(selection).__name__
        torch.manual_seed(1)
        system = egan(data.shape, selection=selection, recipe=RECIPE)
        n_steps = 30 if options.quick else 3000
        result = train(system, data, n_steps=n_steps, seed=1, scorer=scorer, score_every=n_steps)
        print(f"{name:<16} {result.scores['FID']}, {result.scores['recall']}, {result.cpu_seconds:.0f} CPU s")
        save_samples(system.sample(100, rng=np.random.default_rng(2)), options.out / f"{name}.png")
        save_figure(plot_evolution(result.records), options.out / f"{name}-evolution.png")
    print(f"pictures are in {options.out}")


if __name__ == "__main__":
    main()
