"""Pictures with matplotlib, returned as figures; no global state, no window.

========================  ===========================================================
:func:`plot_front`        solutions in objective space beside the Pareto front
:func:`plot_convergence`  indicators against evaluations
:func:`save_figure`       write a figure as PNG, PDF or SVG, the same bytes each time
========================  ===========================================================
"""

from evogan.plotting._figures import plot_convergence, plot_front, save_figure

__all__ = ["plot_convergence", "plot_front", "save_figure"]
