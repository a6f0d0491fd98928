"""A campaign from a script: three algorithms, two problems, several seeds; then a table with tests, and a picture.

Run it twice: the second time nothing is computed again. Kill it on the way: it continues.
"""

import argparse
from pathlib import Path

from pymoo.algorithms.moo.nsga2 import NSGA2

from evogan.algorithms import GMOEA
from evogan.experiments import Campaign, CampaignProgress, comparison_table, run_campaign
from evogan.models import GAN, Gaussian
from evogan.plotting import plot_campaign_convergence, save_figure
from evogan.problems.imf import IMF5
from evogan.problems.transforms import shifted

ALGORITHMS = {
    "nsga2": lambda problem: NSGA2(40),
    "gmoea": lambda problem: GMOEA(40, model=GAN(n_steps=20)),
    "gaussian": lambda problem: GMOEA(40, model=Gaussian()),  # the null control
}
PROBLEMS = {"imf5": lambda: IMF5(n_var=10), "shifted-imf5": lambda: shifted(IMF5(n_var=10))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/campaign"))
    parser.add_argument("--quick", action="store_true", help="two seeds, 200 evaluations")
    options = parser.parse_args()
    n_evals, seeds = (200, 2) if options.quick else (1000, 10)

    campaign = Campaign("example", ALGORITHMS, PROBLEMS, n_evals=n_evals, seeds=seeds)
    results = run_campaign(campaign, options.out, progress=CampaignProgress("example"))
    print(comparison_table(results, "igd", control="gaussian").to_markdown())
    picture = options.out / "convergence.png"
    save_figure(plot_campaign_convergence(results, "igd"), picture)
    print(f"picture: {picture}")


if __name__ == "__main__":
    main()
