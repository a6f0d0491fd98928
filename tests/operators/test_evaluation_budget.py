"""Offspring cut to the evaluations that are left."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pymoo.termination import get_termination

from evogan.operators import within_budget


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
