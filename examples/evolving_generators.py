"""E-GAN on eight Gaussians: how the population finds them, which losses its survivors came from, and who descends."""

import argparse
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from evogan.algorithms import egan
from evogan.datasets import ring
from evogan.gans import Recipe
from evogan.metrics import mode_coverage
from evogan.nets import MLPNetworks
from evogan.plotting import plot_evolution, save_figure
from evogan.training import Adam, fit


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/evolving"))
    parser.add_argument("--quick", action="store_true", help="50 generations")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    n = 50 if options.quick else 1500
    data = ring(sd=0.1, rng=np.random.default_rng(0))
    recipe = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.5, 0.9)), ema=None)
    torch.manual_seed(1)
    system = egan(data.shape, networks=MLPNetworks(2, (128, 128)), recipe=recipe)
    moments = [1, n // 12, n // 5, n // 2, n]
    picture = Figure(figsize=(3 * len(moments), 3.3), layout="constrained")
    panels = iter(picture.subplots(1, len(moments)))

    def look(step, losses):
        if step in moments:
            x = system.sample(1000, rng=np.random.default_rng(2)).numpy()
            panel = next(panels)
            panel.scatter(*data.x[:1000].T, s=2, color="0.8")
            panel.scatter(*x.T, s=2, color="tab:blue")
            panel.set(title=f"generation {step}", xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xticks=[], yticks=[])

    fit(system, data, n, rng=np.random.default_rng(1), on_step=look)
    save_figure(picture, options.out / "samples.png")
    save_figure(plot_evolution(system.take_records()), options.out / "evolution.png")
    samples = system.sample(2000, rng=np.random.default_rng(3))
    print(mode_coverage(samples.numpy(), data.modes.numpy(), data.sd))
    print(f"{system.counters}; pictures are in {options.out}")


if __name__ == "__main__":
    main()
