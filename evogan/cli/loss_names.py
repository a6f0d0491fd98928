"""The names of adversarial losses."""

from __future__ import annotations

from evogan import losses

LOSSES = {
    "minimax": losses.Minimax,
    "non-saturating": losses.NonSaturating,
    "least-squares": losses.LeastSquares,
    "wasserstein": losses.Wasserstein,
    "hinge": losses.Hinge,
}
