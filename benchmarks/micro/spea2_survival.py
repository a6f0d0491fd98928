"""CPU time of SPEA2's environmental selection of 100 out of 200, beside pymoo's, best of interleaved rounds.

The worst case is a set of mutually non-dominated points, where half of them have to be truncated one by one.

    python benchmarks/micro/spea2_survival.py
"""

from __future__ import annotations

import time

import numpy as np
from pymoo.algorithms.moo.spea2 import SPEA2Survival as PymooSPEA2Survival
from pymoo.core.population import Population
from pymoo.core.problem import Problem

from evogan.operators import SPEA2Survival


def milliseconds(survival, problem: Problem, F: np.ndarray) -> float:
    """Return the CPU milliseconds of one selection from fresh individuals."""
    pop = Population.new(X=np.zeros((len(F), 1)), F=F)
    start = time.process_time()
    survival.do(problem, pop, n_survive=len(F) // 2, random_state=np.random.default_rng(0))
    return 1e3 * (time.process_time() - start)


def main() -> None:
    rng = np.random.default_rng(1)
    print(f"{'objectives':>10} {'case':>14} {'evogan ms':>10} {'pymoo ms':>9} {'ratio':>6}")
    for n_obj in (2, 3):
        problem = Problem(n_var=1, n_obj=n_obj, xl=0.0, xu=1.0)
        sphere = np.abs(rng.normal(size=(200, n_obj)))
        sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
        cases = {"non-dominated": sphere, "mixed": rng.random((200, n_obj)), "tied grid": np.round(sphere, 1)}
        for case, F in cases.items():
            ours, pymoos = [], []
            for _ in range(15):
                ours.append(milliseconds(SPEA2Survival(), problem, F))
                pymoos.append(milliseconds(PymooSPEA2Survival(normalize=False), problem, F))
            print(f"{n_obj:>10} {case:>14} {min(ours):>10.2f} {min(pymoos):>9.2f} {min(pymoos) / min(ours):>5.1f}x")


if __name__ == "__main__":
    main()
