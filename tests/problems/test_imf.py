"""IMF1 to IMF10 against a scalar transcription of their definitions, and their fronts and Pareto sets."""

from __future__ import annotations

import copy
import math
import pickle

import moocore
import numpy as np
import pytest

from evogan.problems import imf

PROBLEMS = [getattr(imf, f"IMF{k}") for k in range(1, 11)]


def scalar(k: int, x: list[float]) -> list[float]:
    """The definitions, one variable at a time, with 1-based j."""
    D = len(x)
    first = 3 if k in (4, 8) else 2
    t = {}
    for j in range(first, D + 1):
        if k <= 4:
            t[j] = (1 + 5 * j / D) * x[j - 1] - x[0]
        else:
            t[j] = x[j - 1] ** (1 / (1 + 3 * j / D)) - x[0]
    squares = math.fsum(v * v for v in t.values())
    if k in (4, 8):
        g = squares
        a, b = math.pi * x[0] / 2, math.pi * x[1] / 2
        return [
            math.cos(a) * math.cos(b) * (1 + g),
            math.cos(a) * math.sin(b) * (1 + g),
            math.sin(a) * (1 + g),
        ]
    if k == 9:
        product = 1.0
        for j, v in t.items():
            product *= math.cos(v / math.sqrt(j - 1))
        g = squares / 4000 - product + 2
    elif k == 10:
        g = 1 + 10 * (D - 1) + math.fsum(v * v - 10 * math.cos(2 * math.pi * v) for v in t.values())
    else:
        g = 1 + 9 * squares / len(t)
    f1 = 1 - math.exp(-4 * x[0]) * math.sin(6 * math.pi * x[0]) ** 6 if k in (3, 7) else x[0]
    f2 = g * (1 - (f1 / g) ** 2) if k in (2, 3, 6, 7) else g * (1 - math.sqrt(f1 / g))
    return [f1, f2]


@pytest.mark.parametrize("k", range(1, 11))
@pytest.mark.parametrize("n_var", [2, 3, 10, 30])
def test_values_off_the_front(k, n_var, random_points):
    problem = PROBLEMS[k - 1](max(n_var, PROBLEMS[k - 1].objectives))
    X = random_points(problem, 40, seed=100 * k + n_var)
    expected = [scalar(k, x) for x in X.tolist()]
    np.testing.assert_allclose(problem.evaluate(X), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("k", "x", "f"),
    [
        # t_2 = 6 - 1 = 5, g = 1 + 9 * 25 = 226
        (1, [1.0, 1.0], [1.0, 226 - math.sqrt(226)]),
        (2, [1.0, 1.0], [1.0, 226 - 1 / 226]),
        (3, [1.0, 1.0], [1.0, 226 - 1 / 226]),
        # x_1 = 1/12 makes sin(6 pi x_1) = 1; t_2 = -1/12, g = 1 + 9/144 = 17/16
        (3, [1 / 12, 0.0], [1 - math.exp(-1 / 3), 17 / 16 - (1 - math.exp(-1 / 3)) ** 2 * 16 / 17]),
        # t_3 = 6, g = 36
        (4, [0.0, 0.0, 1.0], [37.0, 0.0, 0.0]),
        # t_3 = -1, g = 1, all of it in f3
        (4, [1.0, 0.3, 0.0], [0.0, 0.0, 2.0]),
        # D = 2: t_2 = 1 - 1/4, g = 1 + 9 * 9/16 = 97/16
        (5, [0.25, 1.0], [0.25, 97 / 16 - math.sqrt(97 / 64)]),
        # x_2 = 1/16, exponent 1/4: t_2 = 1/2 - 1/4, g = 25/16
        (6, [0.25, 1 / 16], [0.25, 25 / 16 - 1 / 25]),
        (8, [0.0, 1.0, 1.0], [0.0, 2.0, 0.0]),
        # t = (1, 1); the second cosine's argument is divided by sqrt(2)
        (9, [0.0, 1.0, 1.0], [0.0, 2 / 4000 - math.cos(1) * math.cos(1 / math.sqrt(2)) + 2]),
        # g = 1 + 20 + 2 (1 - 10) = 3
        (10, [0.0, 1.0, 1.0], [0.0, 3.0]),
    ],
)
def test_values_by_hand(k, x, f):
    F = PROBLEMS[k - 1](len(x)).evaluate(np.array(x))
    np.testing.assert_allclose(F, f, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("cls", PROBLEMS)
@pytest.mark.parametrize("n_var", [3, 30])
def test_pareto_set_attains_the_front(cls, n_var):
    problem = cls(n_var)
    X, front = problem.pareto_set(n_points=300), problem.pareto_front(n_points=300)
    np.testing.assert_array_equal(X, np.clip(X, problem.xl, problem.xu))
    F = problem.evaluate(X)
    if problem.n_obj == 3:
        np.testing.assert_allclose(np.linalg.norm(F, axis=1), 1.0, atol=1e-12)
    elif cls in (imf.IMF1, imf.IMF5, imf.IMF9, imf.IMF10):
        np.testing.assert_allclose(F[:, 1], 1 - np.sqrt(F[:, 0]), atol=1e-12)
    else:
        np.testing.assert_allclose(F[:, 1], 1 - F[:, 0] ** 2, atol=1e-12)
    assert moocore.is_nondominated(F).all()
    assert moocore.igd(F, ref=problem.pareto_front(n_points=5000, use_cache=False)) < 0.03
    np.testing.assert_allclose(F, front, atol=1e-12)


@pytest.mark.parametrize("cls", PROBLEMS)
def test_nothing_dominates_the_front(cls, random_points):
    problem = cls(10)
    front = problem.pareto_front(n_points=400)
    rng = np.random.default_rng(7)
    X = problem.pareto_set(n_points=400)
    near = X + rng.normal(scale=10 ** rng.uniform(-6, -1, (len(X), 1)), size=X.shape)
    F = problem.evaluate(np.vstack([random_points(problem, 400, seed=8), np.clip(near, problem.xl, problem.xu)]))
    gains = (front[:, None, :] - F[None, :, :]).min(axis=2)
    assert gains.max() < 1e-12


def test_front_sizes_and_ends():
    assert imf.IMF1().pareto_front().shape == (10_000, 2)
    assert imf.IMF4().pareto_front().shape == (10_011, 3)
    low = imf.IMF3().pareto_front(n_points=2)[0, 0]
    x = np.linspace(0.0814, 0.0815, 200_001)  # the deepest dip, by brute force
    values = 1 - np.exp(-4 * x) * np.sin(6 * np.pi * x) ** 6
    assert abs(low - values.min()) < 1e-15
    assert abs(low - 0.2807753) < 5e-8
    assert (values >= low - 1e-16).all()
    np.testing.assert_array_equal(imf.IMF6().pareto_front(n_points=3), [[0, 1], [0.5, 0.75], [1, 0]])
    assert imf.IMF7().pareto_set(n_points=1).shape == (1, 30)


@pytest.mark.parametrize("cls", PROBLEMS)
def test_rows_do_not_depend_on_their_batch(cls, check_rows):
    check_rows(cls(), 57)


def test_bounds():
    for cls in PROBLEMS:
        problem = cls(5)
        upper = 10.0 if cls in (imf.IMF9, imf.IMF10) else 1.0
        np.testing.assert_array_equal(problem.xl, np.zeros(5))
        np.testing.assert_array_equal(problem.xu, [1.0] + [upper] * 4)
        assert problem.name() == cls.__name__
        assert cls().n_var == 30


@pytest.mark.parametrize("cls", PROBLEMS)
def test_bad_sizes_are_refused(cls):
    least = 3 if cls in (imf.IMF4, imf.IMF8) else 2
    cls(least).evaluate(np.full((1, least), 0.5))
    with pytest.raises(ValueError, match=f"n_var must be at least {least}, got {least - 1}"):
        cls(least - 1)
    with pytest.raises(TypeError, match="n_var must be an integer"):
        cls(10.0)
    with pytest.raises(ValueError, match="n_points must be at least 1"):
        cls().pareto_front(n_points=0)


def test_copies_evaluate_alike(random_points):
    problem = imf.IMF7(6)
    X = random_points(problem, 5, seed=1)
    for twin in (copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        np.testing.assert_array_equal(twin.evaluate(X), problem.evaluate(X))
