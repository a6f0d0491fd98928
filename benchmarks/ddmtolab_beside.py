"""DDMTOLab's EMT_GS and MO_MFEA beside ours, in one process: IGD and seconds at equal evaluations.

Needs ``pip install ddmtolab==1.0.10`` (in an environment of its own). Its EMT_GS reads one solution as a sample and
moves the partner into the task of the child: ``EMTGS.mtop(axis="individuals", direction="into_own")`` is that reading.

    python benchmarks/ddmtolab_beside.py --seeds 5 --out benchmarks/results/ddmtolab_beside.csv
"""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from pathlib import Path

import numpy as np
import torch

from evogan.algorithms import EMTGS, MOMFEA
from evogan.metrics import igd
from evogan.multitask import fronts, minimize_multitask
from evogan.problems.fronts import reference_front
from evogan.problems.multitask import cec17_mtmo, cec21_mtmo_cplx

PAIRS = {"cec17-1": (cec17_mtmo, 1), "cec17-5": (cec17_mtmo, 5), "cec21-5": (cec21_mtmo_cplx, 5)}
OURS = {
    "evogan emt-gs": lambda: EMTGS(100),
    "evogan emt-gs-mtop": lambda: EMTGS.mtop(100),
    "evogan emt-gs-mtop, rows, into own": lambda: EMTGS.mtop(100, axis="individuals", direction="into_own"),
    "evogan mo-mfea-ddmtolab": lambda: MOMFEA.ddmtolab(100),
}
N_EVALS = 25_000  # of each task
HEADER = ["problem", "algorithm", "seed", "igd_T1", "igd_T2", "cpu_seconds"]


def theirs(pair: str) -> dict[str, object]:
    """Return makers of DDMTOLab's algorithms on a pair."""
    from ddmtolab.Algorithms.MTMO.EMT_GS import EMT_GS
    from ddmtolab.Algorithms.MTMO.MO_MFEA import MO_MFEA
    from ddmtolab.Problems.MTMO.cec17_mtmo import CEC17MTMO
    from ddmtolab.Problems.MTMO.cec21_mtmo import CEC21MTMO

    suite = CEC17MTMO if pair.startswith("cec17") else CEC21MTMO
    problem = getattr(suite(), f"P{pair[-1]}")
    return {
        "ddmtolab EMT_GS": lambda: EMT_GS(problem(), n=100, max_nfes=N_EVALS, save_data=False),
        "ddmtolab MO_MFEA": lambda: MO_MFEA(problem(), n=100, max_nfes=N_EVALS, save_data=False),
    }


def score(F: np.ndarray, front: np.ndarray) -> float:
    """Return the IGD of the non-dominated ones among objectives ``(n, n_obj)``."""
    return float(igd(F[fronts(F) == 0], front))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/ddmtolab_beside.csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    done = set()
    if options.out.exists():
        with options.out.open() as file:
            done = {(row["problem"], row["algorithm"], int(row["seed"])) for row in csv.DictReader(file)}
    else:
        options.out.write_text(",".join(HEADER) + "\n")
    for seed in range(1, options.seeds + 1):
        for pair, (suite, number) in PAIRS.items():
            tasks = suite(number)
            reference = [reference_front(task) for task in tasks]
            for name, make in {**OURS, **theirs(pair)}.items():
                if (pair, name, seed) in done:
                    continue
                np.random.seed(seed)  # noqa: NPY002 - what DDMTOLab draws from
                torch.manual_seed(seed)
                start = time.process_time()
                if name in OURS:
                    result = minimize_multitask(tasks, make(), ("n_eval", 2 * N_EVALS), seed=seed)
                    found = [task.F for task in result]
                else:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        result = make().optimize()
                    found = [np.asarray(one[-1]) for one in result.all_objs]
                seconds = time.process_time() - start
                scores = [score(F, front) for F, front in zip(found, reference, strict=True)]
                with options.out.open("a", newline="") as file:
                    csv.writer(file).writerow([pair, f"{name}", seed, *(f"{s:.6g}" for s in scores), f"{seconds:.2f}"])
                print(
                    f"{pair:8} {name:36} seed {seed}: {scores[0]:10.4g} {scores[1]:10.4g} {seconds:7.1f} s", flush=True
                )


if __name__ == "__main__":
    main()
