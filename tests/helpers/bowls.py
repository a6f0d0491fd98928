"""The simplest problem that is still awkward, and runs on it, for the tests of operators and algorithms."""

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.algorithms.moo.spea2 import SPEA2, SPEA2Survival
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.ref_dirs import get_reference_directions

from evogan.problems.imf import IMF1, IMF4

# Off the origin; 0.1 and 12.55 are not exact in float32; two variables are fixed, one of them below zero.
XL = np.array([-1.0, 2.0, 0.1, 3.0, -5.0])
XU = np.array([1.0, 5.0, 12.55, 3.0, -5.0])


class Bowls(Problem):
    """Bowls of the unit box, in the box given; ``spoil(X, out)`` may change what is evaluated."""

    def __init__(self, xl=XL, xu=XU, *, n_obj=2, spoil=None, n_ieq=0):
        self.spoil, self.seen = spoil, []
        super().__init__(n_var=len(xl), n_obj=n_obj, n_ieq_constr=n_ieq, xl=np.array(xl), xu=np.array(xu))

    def _evaluate(self, X, out, *args, **kwargs):
        self.seen.append(X)
        U = to_unit(self, X)
        centres = np.linspace(0.3, 0.6, self.n_obj)
        out["F"] = np.column_stack([((U - c) ** 2).sum(axis=1) for c in centres])
        if self.n_ieq_constr:
            out["G"] = 0.4 - U[:, :1]
        if self.spoil is not None:
            self.spoil(X, out)


def to_unit(problem, X):
    """Return solutions in the unit box; fixed variables are 0."""
    return (X - problem.xl) / np.where(problem.xu > problem.xl, problem.xu - problem.xl, 1.0)


def spoil_where(test, value=np.nan, name="F"):
    """Return a function that puts ``value`` into ``name`` of the solutions that fulfil ``test``."""

    def spoil(X, out):
        out[name][test(X)] = value

    return spoil


def spoil_all(value=np.nan, name="F"):
    """Return a function that puts ``value`` into ``name`` of every solution."""
    return spoil_where(lambda X: np.full(len(X), True), value, name)


def same(one, other):
    """Whether two sequences of arrays are equal, bit for bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def outcome(algorithm):
    """What a run of a pymoo algorithm has come to."""
    return algorithm.pop.get("X"), algorithm.pop.get("F"), algorithm.opt.get("X")


def evaluated(problem=None, n=30, seed=0):
    """Return ``n`` random solutions with their values."""
    problem = Bowls() if problem is None else problem
    X = problem.xl + np.random.default_rng(seed).random((n, problem.n_var)) * (problem.xu - problem.xl)
    return Population.new(X=X, **problem.evaluate(X, return_as_dictionary=True))


def infill_once(infill, n=20, seed=1, problem=None, pop=None):
    """Return the offspring of one generation."""
    problem = Bowls() if problem is None else problem
    pop = evaluated(problem) if pop is None else pop
    return infill.do(problem, pop, n, random_state=np.random.default_rng(seed))


def run(infill, n_eval=150, pop_size=20, problem=None, seed=1):
    """Minimise with NSGA-II; return the algorithm and the infill as they are at the end."""
    problem = Bowls() if problem is None else problem
    algorithm = minimize(problem, NSGA2(pop_size=pop_size, mating=infill), ("n_eval", n_eval), seed=seed).algorithm
    assert algorithm.evaluator.n_eval == n_eval
    return algorithm, algorithm.mating


def _nsga2(mating):
    return NSGA2(pop_size=20, mating=mating)


def _nsga3(mating):
    return NSGA3(get_reference_directions("das-dennis", 3, n_partitions=5), mating=mating)


HOSTS = {
    "nsga2": (_nsga2, IMF1(n_var=5)),
    "nsga3": (_nsga3, IMF4(n_var=5)),
    "spea2": (lambda mating: SPEA2(20, survival=SPEA2Survival(normalize=True), mating=mating), IMF1(n_var=5)),
    "ga": (lambda mating: GA(pop_size=20, mating=mating), get_problem("sphere", n_var=5)),
    "constrained bnh": (_nsga2, get_problem("bnh")),
    "constrained mw3": (lambda mating: SPEA2(20, survival=SPEA2Survival(), mating=mating), get_problem("mw3")),
}
