"""A generative model of your own in 20 lines, checked for conformance and used as an operator of pymoo's NSGA-II."""

import argparse
from pathlib import Path

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2

from evogan.exceptions import NotFittedError
from evogan.experiments import run
from evogan.operators import GenerativeInfill
from evogan.problems.imf import IMF1
from evogan.problems.transforms import shifted
from evogan.testing import check_generative_model


class Differences:
    """Elite solutions plus scaled differences of two others: differential evolution as a generative model."""

    def __init__(self):
        self.X = None

    def fit(self, X, X_poor=None, *, rng):
        arrays = {"X": np.array(X, dtype=float)}
        if X_poor is not None:
            arrays["X_poor"] = np.array(X_poor, dtype=float)
        for name, A in arrays.items():
            if A.ndim != 2 or A.size == 0 or A.shape[1] != arrays["X"].shape[1] or not ((A >= 0) & (A <= 1)).all():
                raise ValueError(f"{name} must be a matrix (n, n_var) in the unit box")
        self.X = arrays["X"]
        return self

    def sample(self, n, *, rng):
        if self.X is None:
            raise NotFittedError("fit the model before you sample it")
        a, b, c = (self.X[rng.integers(len(self.X), size=n)] for _ in range(3))
        noise = rng.normal(0, 1e-3, a.shape)
        return np.clip(a + 0.5 * (b - c) + noise, 0, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/own_model"))
    parser.add_argument("--quick", action="store_true", help="300 evaluations")
    options = parser.parse_args()
    check_generative_model(Differences)
    print("the model conforms")
    n_evals = 300 if options.quick else 5000
    for name, algorithm in {
        "NSGA-II": NSGA2(),
        "with the model": NSGA2(mating=GenerativeInfill(Differences())),
    }.items():
        result = run(shifted(IMF1()), algorithm, n_evals=n_evals, seed=1, out=options.out / name.replace(" ", "-"))
        print(f"{name:<16}IGD {float(result.indicators['igd']):.4f} after {result.n_evals} evaluations")


if __name__ == "__main__":
    main()
