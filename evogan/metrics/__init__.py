"""Scores that refuse to lie: every one says, or can be told to say, what it was measured against.

Of sets of points, the objective vectors of solutions:

===========================  =====================================================================
:func:`igd`                  inverted generational distance
:func:`igd_plus`             its weakly Pareto-compliant variant
:func:`hypervolume`          dominated volume, normalised, up to a reference point
:func:`spread`               diversity along the front: coverage of each objective's range
:class:`Score`               the value, its reference, and the rows that did not count
===========================  =====================================================================

Of sets of samples, real and generated, or of their features; rows that are not finite are an error:

===========================  =====================================================================
:func:`frechet_distance`     between normal distributions with their moments; FID (Heusel et al. 2017)
:func:`kernel_distance`      unbiased, for few samples; KID (Binkowski et al. 2018)
:func:`inception_score`      sure and varied classes; IS (Salimans et al. 2016)
:func:`precision_recall`     shares within each other's manifold (Kynkaanniemi et al. 2019)
:func:`density_coverage`     the same, robust to outliers (Naeem et al. 2020)
:func:`sliced_wasserstein`   mean Wasserstein-1 distance along random lines (Rabin et al. 2011)
:func:`mmd`                  squared, with Gaussian kernels (Gretton et al. 2012)
:func:`mode_coverage`        modes of a known mixture that are reached, a :class:`ModeCoverage`
:func:`class_histogram`      share of each class
:func:`sample_scores`        the published ones at once, each a :class:`SampleScore`
:class:`SampleScore`         the value, the network that saw the samples, and how many there were
===========================  =====================================================================

:func:`larger_is_better` knows by its name which way a score improves.
"""

from evogan.metrics._classes import class_histogram, inception_score
from evogan.metrics._direction import larger_is_better
from evogan.metrics._frechet import frechet_distance
from evogan.metrics._kernels import kernel_distance, mmd
from evogan.metrics._matrices import Estimate
from evogan.metrics._modes import ModeCoverage, mode_coverage
from evogan.metrics._neighbours import DensityCoverage, PrecisionRecall, density_coverage, precision_recall
from evogan.metrics._points import Score, hypervolume, igd, igd_plus, spread
from evogan.metrics._sample_scores import SampleScore, sample_scores
from evogan.metrics._sliced import sliced_wasserstein

__all__ = [
    "DensityCoverage",
    "Estimate",
    "ModeCoverage",
    "PrecisionRecall",
    "SampleScore",
    "Score",
    "class_histogram",
    "density_coverage",
    "frechet_distance",
    "hypervolume",
    "igd",
    "igd_plus",
    "inception_score",
    "kernel_distance",
    "larger_is_better",
    "mmd",
    "mode_coverage",
    "precision_recall",
    "sample_scores",
    "sliced_wasserstein",
    "spread",
]
