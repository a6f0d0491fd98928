"""Exact Pareto fronts, computed instead of downloaded.

DTLZ: K. Deb, L. Thiele, M. Laumanns, E. Zitzler, "Scalable test problems for evolutionary multiobjective
optimization", in Evolutionary Multiobjective Optimization, Springer, 2005.

WFG: S. Huband, P. Hingston, L. Barone, L. While, "A review of multiobjective test problems and a scalable
test problem toolkit", IEEE Transactions on Evolutionary Computation 10(5), 2006,
doi:10.1109/TEVC.2005.861417.

What DTLZ5, DTLZ6 and WFG3 hide: H. Ishibuchi, H. Masuda, Y. Nojima, "Pareto fronts of many-objective
degenerate test problems", IEEE Transactions on Evolutionary Computation 20(5), 2016.
"""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.problem import Problem
from pymoo.problems.many import dcdtlz, wfg
from pymoo.problems.many.cdtlz import C3DTLZ1
from pymoo.problems.many.dtlz import DTLZ5, DTLZ6, DTLZ7
from pymoo.problems.multi.srn import SRN
from pymoo.problems.multi.zdt import ZDT5
from pymoo.util.misc import at_least_2d_array
from pymoo.util.remote import Remote

from evogan._internal.checks import check_int
from evogan.problems import _points as points
from evogan.problems._analytic import dtlz5_front, dtlz7_front, srn_front, wfg_front

__all__ = ["dtlz5_front", "dtlz7_front", "reference_front", "wfg_front"]

Array = NDArray[np.float64]

# pymoo passes on the unconstrained front of their base class, which they do not attain.
_BORROWED = (C3DTLZ1, dcdtlz.DC1DTLZ1, dcdtlz.DC1DTLZ3, dcdtlz.DC3DTLZ1, dcdtlz.DC3DTLZ3)
_LOAD = Remote.load
_PATCHING = threading.RLock()


def reference_front(problem: Problem, n_points: int = 10_000) -> Array | None:
    """Return a problem's exact front as far as it can be had offline, or None.

    Neither the network nor pymoo's cache of the front is touched, and equal calls return equal bits. Fronts
    that pymoo keeps in files are used only where the file is already there. Its other formulas are taken as
    they are: MW3's and MW12's fronts lie up to 4e-4 behind the true ones.

    Args:
        problem: any pymoo problem.
        n_points: how many points to aim for; some of pymoo's fronts have a fixed number.

    Returns:
        The distinct non-dominated points ``(n, n_obj)`` in lexicographic order; ``(1, 1)`` for one objective.

    Raises:
        TypeError: ``problem`` is not a pymoo problem.
        ValueError: ``n_points`` is below 1, or the problem's own front has not ``n_obj`` columns.

    Example:
        >>> from pymoo.problems import get_problem
        >>> reference_front(get_problem("zdt1"), 3).tolist()
        [[0.0, 1.0], [0.5, 0.2928932188134524], [1.0, 0.0]]
    """
    if not isinstance(problem, Problem):
        raise TypeError(f"problem must be a pymoo Problem, got {type(problem).__name__}")
    n_points = check_int(n_points, "n_points", low=1)
    F = _own_front(problem, n_points)
    if F is None or np.size(F) == 0:
        return None
    F = np.asarray(F, dtype=np.float64)
    F = F.reshape(-1, problem.n_obj) if F.ndim < 2 and F.size == problem.n_obj else F
    if F.ndim != 2 or F.shape[1] != problem.n_obj:
        if _is_pymoos(_definer(problem, "_calc_pareto_front")):
            return None
        raise ValueError(f"the front of {problem.name()} must have shape (n, {problem.n_obj}), got {F.shape}")
    F = F[np.isfinite(F).all(axis=1)]
    return points.nondominated(F) if len(F) else None


def _own_front(problem: Any, n_points: int) -> Any:
    """Ask the problem, or the formulas above where pymoo would download or search at random."""
    source = _definer(problem, "_calc_pareto_front")
    if isinstance(problem, _BORROWED) and source.__module__ == DTLZ5.__module__:
        return None
    if source in (DTLZ5, DTLZ6, DTLZ7, wfg.WFG, wfg.WFG9):
        return _by_formula(problem, n_points) if problem.n_obj > 1 else None
    if source is SRN:
        return srn_front(n_points)
    try:
        with _offline(), np.errstate(divide="ignore", invalid="ignore"):
            return problem._calc_pareto_front(**_arguments(problem, n_points))
    except _NotOnDiskError:
        return None
    except Exception:  # some of pymoo's fronts are broken, or raise just this; other people's errors show
        if _is_pymoos(source):
            return None
        raise


def _by_formula(problem: Any, n_points: int) -> Array | None:
    if isinstance(problem, DTLZ7):
        return dtlz7_front(problem.n_obj, n_points)
    if isinstance(problem, wfg.WFG):
        numbers = [i for i in range(1, 10) if isinstance(problem, getattr(wfg, f"WFG{i}"))]
        return wfg_front(numbers[0], problem.n_obj, n_points) if numbers else None
    return dtlz5_front(problem.n_obj, n_points)


def _definer(problem: Problem, method: str) -> type:
    return next(c for c in type(problem).__mro__ if method in vars(c))


def _is_pymoos(source: type) -> bool:
    return source.__module__.startswith("pymoo.")


def _arguments(problem: Any, n_points: int) -> dict[str, Any]:
    if isinstance(problem, ZDT5):
        return {"n_pareto_points": 31}  # its variables are bits: other numbers give points it cannot attain
    names = inspect.signature(problem._calc_pareto_front).parameters
    for name in ("n_points", "n_pareto_points"):
        if name in names:
            return {name: n_points}
    if "ref_dirs" in names:
        return {"ref_dirs": points.simplex(problem.n_obj, n_points)}  # fresh: some problems write into it
    inner = getattr(problem, "problem", None)  # pymoo's wrappers hand all arguments on
    return _arguments(inner, n_points) if isinstance(inner, Problem) else {}


class _NotOnDiskError(Exception):
    """A front would have to be downloaded."""


def _load_from_disk(remote: Any, *args: str, **kwargs: Any) -> Any:
    if not os.path.exists(os.path.join(str(remote.folder), *args)):
        raise _NotOnDiskError
    return _LOAD(remote, *args, **kwargs)


def _front_uncached(problem: Any, *args: Any, **kwargs: Any) -> Any:
    return at_least_2d_array(problem._calc_pareto_front(*args, **kwargs), extend_as="r")


def _set_uncached(problem: Any, *args: Any, **kwargs: Any) -> Any:
    return at_least_2d_array(problem._calc_pareto_set(*args, **kwargs), extend_as="r")


@contextmanager
def _offline() -> Iterator[None]:
    """Keep pymoo from downloading, and from remembering the first front or set that nested calls ask for."""
    with _PATCHING:
        kept = Remote.load, Problem.pareto_front, Problem.pareto_set
        Remote.load = _load_from_disk
        Problem.pareto_front, Problem.pareto_set = _front_uncached, _set_uncached
        try:
            yield
        finally:
            Remote.load, Problem.pareto_front, Problem.pareto_set = kept
