"""Offspring cut to the evaluations that are left."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pymoo.core.termination import TerminateIfAll, TerminateIfAny
from pymoo.optimize import minimize
from pymoo.termination import get_termination
from pymoo.termination.collection import TerminationCollection
from pymoo.termination.default import DefaultMultiObjectiveTermination

from evogan.algorithms import IMMOEA, MOEADDE, RCGMOEA, RMMEDA
from evogan.operators import within_budget
from evogan.problems.imf import IMF1


def algorithm(termination, n_eval):
    return SimpleNamespace(termination=termination, evaluator=SimpleNamespace(n_eval=n_eval))


@pytest.mark.parametrize(("n_eval", "expected"), [(0, 100), (150, 100), (151, 99), (249, 1), (250, 0), (300, 0)])
def test_cut_to_what_is_left(n_eval, expected):
    cut = within_budget(algorithm(get_termination("n_eval", 250), n_eval), 100)
    assert cut == expected
    assert type(cut) is int


@pytest.mark.parametrize("other", [None, object(), algorithm(get_termination("n_gen", 3), 10**9), algorithm(None, 7)])
def test_nothing_is_cut_where_nothing_limits(other):
    assert within_budget(other, 100) == 100


EVALS, GENS = get_termination("n_eval", 50), get_termination("n_gen", 10)


@pytest.mark.parametrize(
    ("termination", "left"),
    [
        (DefaultMultiObjectiveTermination(n_max_evals=50), 20),
        (TerminateIfAny(GENS, EVALS), 20),
        (TerminationCollection(GENS, TerminateIfAny(get_termination("n_eval", 60), EVALS)), 20),
        (TerminateIfAll(EVALS, get_termination("n_eval", 60)), 30),
        (TerminateIfAll(EVALS, GENS), 100),
    ],
    ids=["default", "any", "nested", "all", "all, one without"],
)
def test_limits_inside_other_criteria_count(termination, left):
    assert within_budget(algorithm(termination, 30), 100) == left


@pytest.mark.parametrize("kind", [IMMOEA, RMMEDA, MOEADDE, RCGMOEA])
def test_a_run_ends_at_a_limit_inside_other_criteria(kind):
    termination = DefaultMultiObjectiveTermination(n_max_evals=50)
    assert minimize(IMF1(n_var=3), kind(20), termination, seed=1).algorithm.evaluator.n_eval == 50
    with pytest.raises(ValueError, match=r"n_evals must be at least .* 20, got 10"):
        minimize(IMF1(n_var=3), kind(20), DefaultMultiObjectiveTermination(n_max_evals=10), seed=1)
