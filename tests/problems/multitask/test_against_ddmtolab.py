"""Our tasks against those of DDMTOLab (PyPI ddmtolab 1.0.10, MIT), written independently; skipped where it is not.

It is not a dependency. In an environment that has it, pymoo, moocore, scipy and pytest:
``PYTHONPATH=. python -m pytest tests/problems/multitask/test_against_ddmtolab.py -s``.
"""

from __future__ import annotations

import numpy as np
import pytest

from evogan.problems.multitask import SUITES

pytest.importorskip("ddmtolab")

CLASSES = {
    "cec17-mtmo": ("cec17_mtmo", "CEC17MTMO"),
    "cec19-mtmo-cplx": ("cec19_mtmo", "CEC19MTMO"),
    "cec21-mtmo-cplx": ("cec21_mtmo", "CEC21MTMO"),
    "cec19-matmo": ("cec19_matmo", "CEC19_MaTMO"),
    "mtmo-instance": ("mtmo_instance", "MTMOInstances"),
}
# its F8 takes the last factor of the product instead of the product
DIFFERENT = {"CEC19-MTMO-CPLX10-T2 (F8)"}


def theirs(suite: str, number: int):
    module, name = CLASSES[suite]
    package = __import__(f"ddmtolab.Problems.MTMO.{module}", fromlist=[name])
    make = getattr(getattr(package, name)(), f"P{number}")
    return make(K=50) if suite == "cec19-matmo" else make()


def points(task, rng):
    """Seven anywhere in the box, seven around Pareto-optimal ones."""
    width = task.xu - task.xl
    near = task.pareto_set(n_points=99)
    near = near[rng.permutation(len(near))[:7]]
    near = np.clip(near + 1e-3 * width * rng.standard_normal(near.shape), task.xl, task.xu)
    return np.vstack([task.xl + rng.random((7, task.n_var)) * width, near])


@pytest.mark.parametrize("suite", CLASSES)
def test_values_agree(suite):
    worst = 0.0
    for number in range(1, SUITES[suite].n_problems + 1):
        other = theirs(suite, number)
        for t, task in enumerate(SUITES[suite].make(number)):
            X = points(task, np.random.default_rng([number, t]))
            F = task.evaluate(X, return_values_of=["F"])
            G = np.vstack([other.evaluate_task(t, x[None])[0] for x in X])
            error = float(np.max(np.abs(F - G) / np.abs(G).max(axis=1, keepdims=True)))
            print(f"{task.name()}: {error:.1e}")
            if task.name() in DIFFERENT:
                assert error > 1e-3, f"{task.name()} agrees now"
            else:
                worst = max(worst, error)
                # the last bit of a variable moves Weierstrass's function, part of F19, by 1e-11
                assert error < (1e-11 if "F19" in task.name() else 1e-12), task.name()
    print(f"{suite}: {worst:.1e}")
