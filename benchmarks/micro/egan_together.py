"""Seconds of a generation of E-GAN, its children made one by one and together, on the device at hand.

Two systems: multilayer perceptrons for vectors of two numbers, and DCGAN for 32 x 32 images. A generation is the
discriminator's step, three children of each parent, and their fitness on a batch. Both ways run interleaved in one
process, on one thread of a CPU; the ratio of the fastest rounds is what counts. CPU seconds on a CPU, elapsed seconds
elsewhere.

    python benchmarks/micro/egan_together.py [--device cuda] [--mu 1 4] [--rounds 3] [--n-steps 20]
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import torch

from evogan import gans
from evogan.algorithms import EGAN
from evogan.gans import Recipe
from evogan.nets import DCGANNetworks, MLPNetworks
from evogan.training import Batch


def seconds(egan: EGAN, batch: Batch, n_steps: int) -> float:
    """Return the seconds of a generation, a mean over ``n_steps``."""
    clock = time.process_time if egan.device.type == "cpu" else time.perf_counter
    start = clock()
    for _ in range(n_steps):
        egan.step(lambda: batch)
    float(egan.population[0].weights[0].sum())  # wait for the device
    return (clock() - start) / n_steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--mu", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n-steps", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--width", type=int, default=32, help="of DCGAN")
    options = parser.parse_args()
    torch.set_num_threads(1)
    recipe, n, device = Recipe(ema=None), options.batch_size, torch.device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, 1 thread"
    print(f"{name}, torch {torch.__version__}, batches of {n}, best of {options.rounds} rounds of {options.n_steps}")
    systems = {
        "MLP 2 x 128": ((2,), partial(gans.gan, (2,), networks=MLPNetworks(16, (128, 128)), recipe=recipe)),
        f"DCGAN {options.width}": (
            (1, 32, 32),
            partial(gans.dcgan, (1, 32, 32), networks=DCGANNetworks(100, options.width), recipe=recipe),
        ),
    }
    print(f"{'system':<12} {'mu':>3} {'one by one':>13} {'together':>13} {'ratio':>7}")
    for system, (shape, make) in systems.items():
        for mu in options.mu:
            torch.manual_seed(1)
            batch = Batch((torch.rand(n, *shape) * 2 - 1).to(device))
            ways = []
            for together in (False, True):
                egan = EGAN(make, mu=mu, together=together)
                egan.to(device)
                seconds(egan, batch, 2)  # warm-up
                ways.append((egan, []))
            for _ in range(options.rounds):
                for egan, taken in ways:
                    taken.append(seconds(egan, batch, options.n_steps))
            apart, together = (min(taken) for _, taken in ways)
            print(f"{system:<12} {mu:>3} {1e3 * apart:>10.2f} ms {1e3 * together:>10.2f} ms {apart / together:>6.2f}x")


if __name__ == "__main__":
    main()
