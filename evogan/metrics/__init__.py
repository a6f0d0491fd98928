"""Indicators of sets of points that refuse to lie: every score carries what it was measured against.

====================  =====================================================================
:func:`igd`           inverted generational distance
:func:`igd_plus`      its weakly Pareto-compliant variant
:func:`hypervolume`   dominated volume, normalised, up to a reference point
:func:`spread`        diversity along the front: coverage of each objective's range
:class:`Score`        the value, its reference, and the rows that did not count
====================  =====================================================================
"""

from evogan.metrics._points import Score, hypervolume, igd, igd_plus, spread

__all__ = ["Score", "hypervolume", "igd", "igd_plus", "spread"]
