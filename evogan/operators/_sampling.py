"""An initial population from a generative model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pymoo.core.sampling import Sampling

from evogan._internal.checks import check_methods, check_real_problem, check_rng
from evogan.models import GenerativeModel
from evogan.operators._box import check_inside, check_samples, from_unit, to_unit


class GenerativeSampling(Sampling):
    """Draw initial solutions from ``model``, e.g. one that learnt from an earlier run or a related problem.

    Args:
        model: a generative model; already fitted, unless ``X`` is given.
        X: elite solutions ``(n, n_var)`` in the problem's own units to fit the model on first.
        X_poor: poor solutions to fit it against, likewise.

    Samples outside the box are put on its edge.

    Raises:
        ValueError: ``X_poor`` is given without ``X``; and when a run starts: either has another shape, is not finite or
            lies outside the problem's bounds, or the model's samples are not finite or have another shape.

    Example:
        >>> import numpy as np
        >>> from pymoo.algorithms.moo.nsga2 import NSGA2
        >>> from evogan.models import Gaussian
        >>> X = np.random.default_rng(1).random((20, 30))
        >>> algorithm = NSGA2(sampling=GenerativeSampling(Gaussian(), X))
    """

    def __init__(self, model: GenerativeModel, X: ArrayLike | None = None, X_poor: ArrayLike | None = None) -> None:
        super().__init__()
        if X is None and X_poor is not None:
            raise ValueError("X must be given with X_poor, got None: poor solutions are learnt against elite ones")
        self.model = check_methods(model, "model", ("sample",) if X is None else ("fit", "sample"))
        self.X = None if X is None else np.asarray(X, dtype=np.float64)
        self.X_poor = None if X_poor is None else np.asarray(X_poor, dtype=np.float64)

    def _do(
        self,
        problem: Any,
        n_samples: int,
        *args: Any,
        random_state: Any = None,
        **kwargs: Any,
    ) -> NDArray[np.float64]:
        check_real_problem(problem)
        rng = check_rng(random_state, "random_state")
        if self.X is not None:
            poor = None if self.X_poor is None else to_unit(problem, check_inside(problem, self.X_poor, "X_poor"))
            self.model.fit(to_unit(problem, check_inside(problem, self.X, "X")), poor, rng=rng)
        what = f"samples of {type(self.model).__name__}"
        U = check_samples(self.model.sample(n_samples, rng=rng), (n_samples, problem.n_var), what)
        if not np.isfinite(U).all():
            raise ValueError(f"{what} must be finite, got NaN or infinity")
        return from_unit(problem, U)
