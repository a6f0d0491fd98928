"""A GAN as the mating of pymoo's NSGA-II, beside its null controls: what does training the GAN bring?

Four variation operators in the same NSGA-II, 30 % generative and 70 % SBX with polynomial mutation: a GAN, the same GAN
never trained, the normal distribution of the elites, and the classic operators alone. Prints IGD over a few seeds.
"""

import argparse
from pathlib import Path

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2

from evogan.experiments import run
from evogan.models import GAN, Gaussian, Untrained
from evogan.operators import GenerativeInfill, MixedInfill, classic_mating
from evogan.plotting import plot_convergence, save_figure
from evogan.problems.imf import IMF5
from evogan.problems.transforms import shifted

MODELS = {"GAN": GAN, "untrained": Untrained, "Gaussian": Gaussian, "classic only": None}


def mating(model):
    """Mix a model's offspring with classic ones."""
    classic = classic_mating(eliminate_duplicates=None)
    return classic if model is None else MixedInfill([(GenerativeInfill(model(), n_elites=0.25), 0.3), (classic, 0.7)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-evals", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("out/nsga2_with_a_gan"))
    parser.add_argument("--quick", action="store_true", help="one seed, 300 evaluations")
    options = parser.parse_args()
    n_evals, seeds = (300, 1) if options.quick else (options.n_evals, options.seeds)
    options.out.mkdir(parents=True, exist_ok=True)

    problem, curves = shifted(IMF5()), {}
    print(f"{problem.name()}, {n_evals} evaluations, IGD of {seeds} seeds")
    for name, model in MODELS.items():
        results = [run(problem, NSGA2(mating=mating(model)), n_evals=n_evals, seed=s) for s in range(1, seeds + 1)]
        igd = [float(result.indicators["igd"]) for result in results]
        seconds = np.mean([result.cpu_seconds for result in results])
        print(f"{name:<14}median {np.median(igd):.4f}   {np.round(igd, 4)}   {seconds:.1f} CPU s")
        curves[name] = results[0].convergence
    save_figure(plot_convergence(curves, title=f"{problem.name()}, seed 1"), options.out / "convergence.png")
    print(f"picture in {options.out}")


if __name__ == "__main__":
    main()
