"""pymoo's NSGA-II as it is, and with offspring that critics choose unevaluated: what does the choice bring?

Median IGD of seeds 1-10 (--seeds 10): 0.151 as it is, 0.140 with the infill's sources but nobody choosing, 0.125 where
ridge regression chooses and where a network does, 0.119 where they take turns; against the last, rank-sum tests give
p = .0006, .007, .1 and .4 before correction. It costs six times the CPU time of NSGA-II, a second.
"""

import argparse
from pathlib import Path

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2

from evogan.experiments import run
from evogan.models import RelativisticCritic, RidgeCritic
from evogan.operators import ScreenedInfill
from evogan.plotting import plot_convergence, save_figure
from evogan.problems.imf import IMF5
from evogan.problems.transforms import rotated

MATINGS = {
    "as it is": dict,
    "best of ten": lambda: {"mating": ScreenedInfill()},  # a network and ridge regression take turns
    "by the network alone": lambda: {"mating": ScreenedInfill(critic=RelativisticCritic())},
    "by ridge alone": lambda: {"mating": ScreenedInfill(critic=RidgeCritic())},  # control: no network
    "not screened": lambda: {"mating": ScreenedInfill(n_candidates=1)},  # control: the same sources, no choice
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-evals", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("out/screened_nsga2"))
    parser.add_argument("--quick", action="store_true", help="one seed, 300 evaluations")
    options = parser.parse_args()
    n_evals, seeds = (300, 1) if options.quick else (options.n_evals, options.seeds)
    options.out.mkdir(parents=True, exist_ok=True)

    problem, curves = rotated(IMF5()), {}
    print(f"{problem.name()}, {n_evals} evaluations, IGD of {seeds} seeds")
    for name, mating in MATINGS.items():
        results = [run(problem, NSGA2(**mating()), n_evals=n_evals, seed=s) for s in range(1, seeds + 1)]
        igd = np.array([float(result.indicators["igd"]) for result in results])
        seconds = np.mean([result.cpu_seconds for result in results])
        print(f"{name:<23}median {np.median(igd):.3f}   {igd.round(3)}   {seconds:.1f} CPU s")
        curves[name] = results[igd.argsort()[seeds // 2]].convergence
    title = f"NSGA-II on {problem.name()}, runs of median IGD"
    save_figure(plot_convergence(curves, title=title), options.out / "convergence.png")
    print(f"picture in {options.out}")


if __name__ == "__main__":
    main()
