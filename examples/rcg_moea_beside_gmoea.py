"""RCG-MOEA beside GMOEA and NSGA-II at equal evaluations, on IMF1 and on its shifted and rotated twin.

IMF1's Pareto set touches a corner of the box, where a saturated generator falls by itself; the twin has the same
front and its Pareto set in the inside of the box. Prints a table, saves fronts and convergence.
"""

import argparse
from pathlib import Path

from pymoo.algorithms.moo.nsga2 import NSGA2

from evogan.algorithms import GMOEA, RCGMOEA
from evogan.experiments import Progress, run
from evogan.plotting import plot_convergence, plot_front, save_figure
from evogan.problems.fronts import reference_front
from evogan.problems.imf import IMF1
from evogan.problems.transforms import rotated


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-evals", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/run"))
    parser.add_argument("--quick", action="store_true", help="500 evaluations, to see that it works")
    options = parser.parse_args()
    n_evals = 500 if options.quick else options.n_evals
    options.out.mkdir(parents=True, exist_ok=True)

    lines = []
    for problem in (IMF1(n_var=30), rotated(IMF1(n_var=30))):
        results = {}
        for name, algorithm in (("RCG-MOEA", RCGMOEA(100)), ("GMOEA", GMOEA(100)), ("NSGA-II", NSGA2(100))):
            progress = Progress(f"{name} on {problem.name()}")
            results[name] = run(problem, algorithm, n_evals=n_evals, seed=options.seed, progress=progress)
            result = results[name]
            igd, hv = (float(result.indicators[key]) for key in ("igd", "hv"))
            lines.append(f"{problem.name():<14}{name:<10}{igd:>8.4f}{hv:>8.4f}{result.wall_seconds:>9.1f}")
        title = f"{problem.name()}, {n_evals} evaluations, seed {options.seed}"
        fronts = {name: result.optimum.F for name, result in results.items()}
        curves = {name: result.convergence for name, result in results.items()}
        figure = plot_front(fronts, front=reference_front(problem), title=title)
        save_figure(figure, options.out / f"{problem.name()}-front.png")
        save_figure(plot_convergence(curves, title=title), options.out / f"{problem.name()}-convergence.png")

    print(f"\n{'problem':<14}{'algorithm':<10}{'IGD':>8}{'HV':>8}{'seconds':>9}")
    print("\n".join(lines))
    print(f"\none run each (seed {options.seed}); pictures in {options.out}")


if __name__ == "__main__":
    main()
