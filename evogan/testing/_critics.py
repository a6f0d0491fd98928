"""The conformance suite for critics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan.models import Critic, ObjectiveFrame
from evogan.testing._promises import (
    check_copies,
    check_leaves_arrays,
    check_leaves_globals,
    check_not_fitted,
    check_protocol,
    check_refuses,
    check_reproducible,
    fail,
)

Floats = NDArray[np.float64]
Factory = Callable[[], Critic]


def check_critic(factory: Factory, *, learns: bool = True, n_var: int = 6, n_obj: int = 2, seed: int = 0) -> None:
    """Check a critic of your own against everything that :class:`~evogan.operators.ScreenedInfill` relies on.

    Args:
        factory: makes a fresh, unfitted critic, e.g. ``lambda: MyCritic(epochs=5)``; cheap settings will do.
        learns: False for null controls, which skips whether better solutions get larger scores.
        n_var: decision variables of the test data.
        n_obj: its objectives.
        seed: of the test data and of every draw.

    Raises:
        AssertionError: the first fault, as a sentence that names it.

    Example:
        >>> from evogan.models import RidgeCritic
        >>> check_critic(RidgeCritic)
    """
    X, F, CV, C = _data(n_var, n_obj, seed)

    def used(X: Floats = X, F: Floats = F, CV: Floats = CV, C: Floats = C) -> Floats:
        return _score(_fit(factory, X, F, CV, seed), X, C)

    _protocol(factory, X, F, CV, C, seed)
    check_not_fitted(lambda: _score(factory(), X, C), "score()", "scores")
    rule = "observe(), fit() and score() must not change the arrays they are given"
    check_leaves_arrays(used, (X, F, CV, C), rule, "one wrote to a read-only array")
    _scores(factory, X, F, CV, seed)
    check_reproducible(used, "scores")
    _keeps_no_view(factory, X, F, CV, C, seed)
    check_leaves_globals(used)
    _score_is_no_training(factory, X, F, CV, C, seed)
    check_copies(
        lambda: _fit(factory, X, F, CV, seed),
        lambda critic: _score(critic, X, C),
        lambda critic: critic.fit(1 - X, F, CV, rng=np.random.default_rng(seed + 1)),
        "scores",
    )
    _odd_inputs(factory, seed)
    _refits(factory, seed)
    _refuses(factory, X, F, CV, C, seed)
    if learns:
        _ranks(factory, n_var, n_obj, seed)


def _data(n_var: int, n_obj: int, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Solutions, objectives, violations of every seventh solution, and positions on the front."""
    rng = np.random.default_rng(seed)
    X = rng.random((40, n_var))
    return X, _objectives(X, n_obj), 0.5 * (np.arange(40) % 7 == 0), _positions(n_obj, 40, rng)


def _objectives(X: Floats, n_obj: int) -> Floats:
    """Return objectives ``(n, n_obj)``, each the share of the way to its own corner of the box that is left."""
    away = (np.arange(X.shape[1]) + np.arange(n_obj)[:, None]) % 2 == 0
    return np.column_stack([np.where(row, X, 1 - X).mean(axis=1) for row in away])


def _positions(n_obj: int, n: int, rng: np.random.Generator) -> Floats:
    return np.asarray(rng.dirichlet(np.ones(n_obj), size=n))


def _fit(factory: Factory, X: Floats, F: Floats, CV: Floats | None, seed: int) -> Critic:
    critic, rng = factory(), np.random.default_rng(seed)
    critic.observe(X, F, CV)
    critic.fit(X, F, CV, rng=rng)
    critic.observe(X[::2], F[::2], None if CV is None else CV[::2])
    return critic.fit(X, F, CV, rng=rng)


def _score(critic: Critic, X: Floats, C: Floats) -> Floats:
    return np.asarray(critic.score(X, C))


def _protocol(factory: Factory, X: Floats, F: Floats, CV: Floats, C: Floats, seed: int) -> None:
    def fit_and_use(critic: Critic) -> object:
        critic.observe(X.copy(), F.copy())
        critic.observe(X.copy(), F.copy(), CV.copy())
        critic.fit(X.copy(), F.copy(), rng=np.random.default_rng(seed))
        fitted = critic.fit(X.copy(), F.copy(), CV.copy(), rng=np.random.default_rng(seed))
        critic.score(X.copy(), C.copy())
        return fitted

    calls = "observe(X, F), observe(X, F, CV), fit(X, F, rng=rng), fit(X, F, CV, rng=rng) and score(X, condition)"
    check_protocol(factory, ("observe", "fit", "score"), fit_and_use, calls)


def _check_scores(D: Any, n: int, what: str) -> None:
    if not isinstance(D, np.ndarray) or D.dtype != np.float64:
        fail(f"score() must return a float64 NumPy array, got {getattr(D, 'dtype', type(D).__name__)}")
    if D.shape != (n,):
        fail(f"score() of {what} must have shape {(n,)}, got {D.shape}")
    if not np.isfinite(D).all():
        fail(f"scores of {what} must be finite, got NaN or infinity")


def _scores(factory: Factory, X: Floats, F: Floats, CV: Floats, seed: int) -> None:
    critic, rng = _fit(factory, X, F, CV, seed), np.random.default_rng(seed)
    n_var, n_obj = X.shape[1], F.shape[1]
    for n in (1, 7, 200):
        # Also corners of the box, and ends of the front.
        for what, U in (("candidates", rng.random((n, n_var))), ("corners", rng.random((n, n_var)).round())):
            C = np.where(np.arange(n)[:, None] % 3 == 0, np.eye(n_obj)[:1], _positions(n_obj, n, rng))
            D = critic.score(U, C)
            _check_scores(D, n, f"{n} {what}")
            alone = np.concatenate([critic.score(U[k : k + 1], C[k : k + 1]) for k in range(min(n, 7))])
            if not np.allclose(D[:7], alone, rtol=1e-4, atol=1e-4):
                fail("a candidate's score must not depend on the others that it is scored with")


def _keeps_no_view(factory: Factory, X: Floats, F: Floats, CV: Floats, C: Floats, seed: int) -> None:
    scores = []
    for spoil in (False, True):
        given = [X.copy(), F.copy(), CV.copy()]
        critic = factory()
        critic.observe(*given)
        for array in given:
            array[:] = array[::-1].copy() if spoil else array
        critic.fit(X, F, CV, rng=np.random.default_rng(seed))
        scores.append(_score(critic, X, C))
    if not np.array_equal(scores[0], scores[1]):
        fail("a critic must not change when the arrays that it observed change later: copy what is kept")


def _score_is_no_training(factory: Factory, X: Floats, F: Floats, CV: Floats, C: Floats, seed: int) -> None:
    results = []
    for n_calls in (0, 3):
        critic = _fit(factory, X, F, CV, seed)
        for _ in range(n_calls):
            critic.score(1 - X, C)
        critic.fit(X, F, CV, rng=np.random.default_rng(seed + 1))
        results.append(_score(critic, X, C))
    if not np.array_equal(results[0], results[1]):
        fail("score() must not change the critic: the next fit came out otherwise after three more calls")


def _odd_inputs(factory: Factory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, F, all_feasible = rng.random((10, 4)), rng.random((10, 2)), np.zeros(10)
    cases: dict[str, tuple[Floats, Floats, Floats]] = {
        "one objective": (X, F[:, :1], all_feasible),
        "one variable": (X[:, :1], F, all_feasible),
        "more objectives than variables": (X[:, :2], rng.random((10, 5)), all_feasible),
        "constant objectives": (X, np.ones((10, 2)), all_feasible),
        "one constant objective": (X, F * [1, 0], all_feasible),
        "constant variables": (X * [0, 1, 1, 0], F, all_feasible),
        "equal solutions": (np.repeat(X[:1], 10, axis=0), np.repeat(F[:1], 10, axis=0), all_feasible),
        "one solution": (X[:1], F[:1], all_feasible[:1]),
        "two solutions": (X[:2], F[:2], all_feasible[:2]),
        "no feasible solution": (X, F, rng.random(10) + 1),
        "one feasible solution": (X, F, np.where(np.arange(10) > 0, 1e300, 0.0)),
        "objectives of 1e300": (X, 1e300 * F, all_feasible),
        "objectives of 1e-300": (X, 1e-300 * F, all_feasible),
        "one objective vector far from the others": (X, F + 1e200 * (np.arange(10) == 3)[:, None], all_feasible),
        "all solutions in corners": (X.round(), F, all_feasible),
    }
    for what, (X, F, CV) in cases.items():
        C = _positions(F.shape[1], len(X), rng)
        try:
            D = _score(_fit(factory, X, F, CV, seed), X, C)
        except Exception as error:
            fail(f"observe(), fit() and score() must work with {what}, got {type(error).__name__}: {error}")
        _check_scores(D, len(X), what)


def _refits(factory: Factory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    critic = _fit(factory, rng.random((10, 3)), rng.random((10, 2)), None, seed)
    changes = {"the same shapes": (10, 3, 2), "another n_var": (10, 5, 2), "another n_obj": (10, 5, 3)}
    for what, (n, n_var, n_obj) in changes.items():
        X, F = rng.random((n, n_var)), rng.random((n, n_obj))
        other = rng.random((n, n_var + 1)), rng.random((n, n_obj + 1))
        try:
            critic.observe(*other)
            critic.fit(X, F, rng=rng)
            critic.observe(X, F)
            critic.fit(X, F, rng=rng)
            D = _score(critic, X, _positions(n_obj, n, rng))
        except Exception as error:
            fail(
                f"a fitted critic must accept {what}, whatever it observed before, got {type(error).__name__}: {error}"
            )
        _check_scores(D, n, f"candidates after a fit with {what}")


def _refuses(factory: Factory, X: Floats, F: Floats, CV: Floats, C: Floats, seed: int) -> None:
    wrong: dict[str, tuple[Any, Any, Any, str]] = {
        "X outside the unit box": (X + 1, F, CV, "X"),
        "NaN in X": (_holed(X), F, CV, "X"),
        "a one-dimensional X": (X[0], F, CV, "X"),
        "NaN in F": (X, _holed(F), CV, "F"),
        "F with other rows than X": (X, F[:-1], CV, "F"),
        "a one-dimensional F": (X, F[:, 0], CV, "F"),
        "F without columns": (X, F[:, :0], CV, "F"),
        "NaN in CV": (X, F, _holed(CV), "CV"),
        "CV with other rows than X": (X, F, CV[:-1], "CV"),
        "a two-dimensional CV": (X, F, CV[:, None], "CV"),
    }
    for what, (x, f, cv, name) in wrong.items():
        check_refuses(partial(factory().observe, x, f, cv), "observe()", what, name)
        check_refuses(partial(factory().fit, x, f, cv, rng=np.random.default_rng(seed)), "fit()", what, name)
    critic = _fit(factory, X, F, CV, seed)
    asked: dict[str, tuple[Any, Any, str]] = {
        "X outside the unit box": (X - 1, C, "X"),
        "NaN in X": (_holed(X), C, "X"),
        "X with another n_var": (np.hstack([X, X]), C, "X"),
        "a condition with other rows than X": (X, C[:-1], "condition"),
        "a condition with another n_obj": (X, np.hstack([C, C]), "condition"),
        "a one-dimensional condition": (X, C[:, 0], "condition"),
        "NaN in the condition": (X, _holed(C), "condition"),
    }
    for what, (x, c, name) in asked.items():
        check_refuses(partial(critic.score, x, c), "score()", what, name)


def _holed(array: Floats) -> Floats:
    holed = array.copy()
    holed.flat[0] = np.nan
    return holed


def _ranks(factory: Factory, n_var: int, n_obj: int, seed: int) -> None:
    """Of two fresh solutions on the same ray from the ideal point, that which is nearer has the larger score."""
    rng = np.random.default_rng(seed)
    X, new = rng.random((60, n_var)), rng.random((200, n_var))
    F = _objectives(X, n_obj)
    critic = factory()
    for _ in range(5):  # a warm critic learns from fit to fit, as it does in a run
        critic.fit(X, F, rng=rng)
    frame = ObjectiveFrame.of(F)
    Y = np.maximum(frame.scale(_objectives(new, n_obj)), 0.0)
    right, n_pairs = 0, 0
    for c in frame.positions(F)[:10]:
        D = _score(critic, new, np.repeat(c[None], len(new), axis=0))
        farther = (Y / np.maximum(c, 0.03)).max(axis=1)
        nearer = farther[:, None] < farther
        right += int((nearer & (D[:, None] > D)).sum())
        n_pairs += int(nearer.sum())
    if not right > 0.65 * n_pairs:  # guessing is 0.5, give or take 0.05
        fail(
            "after 5 fits the better of two solutions, at a position on the front, must have the larger score more "
            f"often: {right / n_pairs:.2f} of pairs were ranked right (pass learns=False for a null control)"
        )
