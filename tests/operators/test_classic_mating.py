"""SBX and polynomial mutation as the classic half and the fallback."""

from __future__ import annotations

import numpy as np
import pytest
from pymoo.core.duplicate import DefaultDuplicateElimination
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.mutation.nom import NoMutation

from evogan.operators import SPEA2Tournament, classic_mating

N_VAR = 40


def offspring(mating, X, n=400, seed=0, xl=0.0, xu=1.0):
    problem = Problem(n_var=X.shape[1], n_obj=2, xl=xl, xu=xu)
    pop = Population.new(X=X, F=np.random.default_rng(seed).random((len(X), 2)))
    return mating.do(problem, pop, n, random_state=np.random.default_rng(seed)).get("X")


def test_crossover_expands_as_often_as_it_contracts():
    """Spread factors lie on both sides of 1; the published code's only contract."""
    mating = classic_mating()
    mating.mutation = NoMutation()
    parents = np.random.default_rng(0).choice([0.4, 0.6], (30, N_VAR))
    X = offspring(mating, parents)
    outside = ((X < 0.4 - 1e-12) | (X > 0.6 + 1e-12)).mean()
    inside = ((X > 0.4 + 1e-12) & (X < 0.6 - 1e-12)).mean()
    assert outside > 0.05 and inside > 0.05
    assert outside == pytest.approx(inside, rel=0.15)
    assert X.mean() == pytest.approx(parents.mean(), abs=0.005)


def test_mutation_changes_one_variable_in_n_var():
    # Equal parents: crossover has nothing to do.
    X = offspring(classic_mating(), np.full((10, N_VAR), 0.5))
    assert (X != 0.5).mean() == pytest.approx(1 / N_VAR, rel=0.1)


def test_every_pair_is_crossed():
    mating = classic_mating()
    mating.mutation = NoMutation()
    parents = np.random.default_rng(1).random((20, N_VAR))
    known = {tuple(x) for x in parents}
    assert not any(tuple(x) in known for x in offspring(mating, parents, 100))


@pytest.mark.parametrize("eta", [2, 50])
def test_eta_reaches_both_operators(eta):
    mating = classic_mating(eta_crossover=eta, eta_mutation=eta + 1)
    assert (mating.crossover.eta.value, mating.mutation.eta.value) == (eta, eta + 1)


@pytest.mark.parametrize("n", [1, 2, 105])
def test_odd_numbers_of_offspring(n):
    mating = classic_mating(selection=SPEA2Tournament(3), eliminate_duplicates=DefaultDuplicateElimination())
    X = offspring(mating, np.random.default_rng(2).random((7, 5)), n)
    assert X.shape == (n, 5)
    assert X.min() >= 0 and X.max() <= 1


def test_fixed_variables_stay():
    xl, xu = np.array([0.0, 2.0, -1.0]), np.array([1.0, 2.0, -1.0])
    parents = xl + np.random.default_rng(3).random((10, 3)) * (xu - xl)
    X = offspring(classic_mating(), parents, 50, xl=xl, xu=xu)
    assert np.isfinite(X).all()
    assert (X[:, 1:] == [2.0, -1.0]).all()
