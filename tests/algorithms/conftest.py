"""Multitask runs that begin with populations of one's own."""

import numpy as np
import pytest

from evogan.multitask import MultitaskProblem, TaskPopulation
from evogan.problems.imf import IMF1


@pytest.fixture
def set_up():
    """Return a function that begins a run with given genes, best first: no evaluation is needed to breed."""

    def begin(algorithm, *genes, n_var=None, seed=1):
        width = max((np.shape(U)[-1] for U in genes if np.ndim(U)), default=6)
        tasks = [IMF1(n) for n in n_var or [width] * len(genes)]
        algorithm.setup(MultitaskProblem(tasks), np.random.default_rng(seed))
        n, none = algorithm.pop_size, np.zeros((algorithm.pop_size, 0))
        filled = [np.broadcast_to(np.asarray(U, dtype=float), (n, width)).copy() for U in genes]
        algorithm.populations = [TaskPopulation(U, np.zeros((n, 2)), np.zeros(n), none, none) for U in filled]
        algorithm.begin()
        return algorithm

    return begin
