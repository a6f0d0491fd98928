"""Pictures with matplotlib, returned as figures; no global state, no window.

One run, or any sets and curves:

========================  ===========================================================
:func:`plot_front`        solutions in objective space beside the Pareto front
:func:`plot_task_fronts`  the same for several tasks, side by side
:func:`plot_convergence`  indicators against evaluations
:func:`save_figure`       write a figure as PNG, PDF or SVG, the same bytes each time
========================  ===========================================================

Training a system of :mod:`evogan.gans`:

========================  ===========================================================
:func:`image_grid`        images as the pixels of one picture
:func:`save_samples`      images or points as a picture
:func:`plot_training`     losses against steps
:func:`plot_scores`       scores against steps
:func:`plot_evolution`    which mutations survive, what fitness does, who descends from whom
========================  ===========================================================

A campaign of many runs:

==================================  =======================================================================
:func:`plot_campaign_convergence`   median and quartiles of an indicator against evaluations or seconds
:func:`plot_ecdf`                   proportion of targets reached on all problems, against evaluations
:func:`plot_box`                    final values of all runs
:func:`plot_fronts`                 final sets of the median runs beside the Pareto front
:func:`plot_attainment`             what one run, half of the runs and all runs attained, two objectives
:func:`plot_critical_difference`    mean ranks, with bars joining algorithms that are not told apart
==================================  =======================================================================
"""

from evogan.plotting._campaign import plot_box, plot_campaign_convergence
from evogan.plotting._critical import plot_critical_difference
from evogan.plotting._ecdf import plot_ecdf
from evogan.plotting._evolution import plot_evolution
from evogan.plotting._evolution_data import generations, makers_of_survivors
from evogan.plotting._figures import plot_convergence, plot_front, save_figure
from evogan.plotting._sets import plot_attainment, plot_fronts
from evogan.plotting._tasks import plot_task_fronts
from evogan.plotting._training import image_grid, plot_scores, plot_training, save_samples

__all__ = [
    "generations",
    "image_grid",
    "makers_of_survivors",
    "plot_attainment",
    "plot_box",
    "plot_campaign_convergence",
    "plot_convergence",
    "plot_critical_difference",
    "plot_ecdf",
    "plot_evolution",
    "plot_front",
    "plot_fronts",
    "plot_scores",
    "plot_task_fronts",
    "plot_training",
    "save_figure",
    "save_samples",
]
