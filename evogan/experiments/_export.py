"""Results for other programs: long CSV, NPZ, and the CSV that IOHanalyzer imports."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan._internal.files import atomic_write
from evogan.experiments._results import Record, Results

IOH_COLUMNS = ("neval", "fval", "fname", "algname", "dim", "run")
FINAL = ("X", "F", "G", "CV")


def to_long_csv(results: Results, path: Path | str) -> None:
    """Write one line per run: problem, algorithm, seed, n_evals, one column per indicator, cpu_seconds, error.

    Failed runs have empty indicators. ``results_from_csv`` and every statistics program read the file.

    Raises:
        ValueError: an indicator is named like one of the other columns.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "runs.csv"
        ...     to_long_csv(Results([Record("nsga2", "zdt1", 1, {"igd": 0.25}, n_evals=2000)]), file)
        ...     print(file.read_text(), end="")
        problem,algorithm,seed,n_evals,igd,cpu_seconds,error
        zdt1,nsga2,1,2000,0.25,,
    """
    own = ("problem", "algorithm", "seed", "n_evals", "cpu_seconds", "error")
    for name in results.metrics:
        if name in own:
            raise ValueError(f"metrics must not be named {', '.join(own)}, got {name!r}")
    rows = [
        [r.problem, r.algorithm, r.seed, r.n_evals]
        + [repr(float(r.metrics[m])) if m in r.metrics else "" for m in results.metrics]
        + ["" if math.isnan(r.cpu_seconds) else repr(r.cpu_seconds), r.error or ""]
        for r in results.records
    ]
    _write_csv(path, [*own[:4], *results.metrics, *own[4:]], rows)


def to_npz(results: Results, path: Path | str) -> None:
    """Write all finished runs into one compressed NPZ.

    Keys: ``problem/algorithm/seed`` and ``.../n_evals`` ``(n_runs,)``; ``.../metric/igd`` ``(n_runs,)``, NaN where a
    run has none; ``.../run1/X`` and likewise F, G and CV, the final set of the run with seed 1, where it was stored.

    Raises:
        ValueError: two runs of a cell have the same seed, or labels with slashes make two keys equal.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "runs.npz"
        ...     to_npz(Results([Record("nsga2", "zdt1", 1, {"igd": 0.25}, load=lambda: {"F": np.zeros((2, 2))})]), file)
        ...     with np.load(file) as arrays:
        ...         sorted(arrays)
        ['zdt1/nsga2/metric/igd', 'zdt1/nsga2/n_evals', 'zdt1/nsga2/run1/F', 'zdt1/nsga2/seed']
    """
    arrays: dict[str, NDArray[Any]] = {}

    def put(key: str, array: Any) -> None:
        if key in arrays:
            raise ValueError(f"results must give every array a key of its own, got {key!r} twice")
        arrays[key] = np.asarray(array)

    for problem in results.problems:
        for algorithm in results.algorithms:
            runs, cell = results.cell(problem=problem, algorithm=algorithm), f"{problem}/{algorithm}"
            if not runs:
                continue
            put(f"{cell}/seed", [r.seed for r in runs])
            put(f"{cell}/n_evals", [r.n_evals for r in runs])
            for metric in dict.fromkeys(name for r in runs for name in r.metrics):
                put(f"{cell}/metric/{metric}", [r.metrics.get(metric, math.nan) for r in runs])
            for r in runs:
                stored = r.load()
                for name in FINAL:
                    if stored.get(name) is not None:
                        put(f"{cell}/run{r.seed}/{name}", stored[name])
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]  # keys hold slashes, so none is an option's name
    atomic_write(Path(path), data.getvalue())


def to_iohanalyzer_csv(results: Results, path: Path | str, metric: str) -> None:
    """Write an indicator's course, one line per recorded evaluation count of every finished run, for IOHanalyzer.

    H. Wang, D. Vermetten, F. Ye, C. Doerr, T. Baeck, "IOHanalyzer: detailed performance analyses for iterative
    optimization heuristics", ACM TELO 2(1), 2022. Its import (version 0.1.7 or newer, "use custom csv format", in R
    ``read_pure_csv``) asks which column is which, so any names do; these are the ones it uses inside: ``neval``
    evaluation counter, ``fval`` function value (the indicator), ``fname`` function, ``algname`` algorithm, ``dim``
    dimension (variables; 0 where unknown), ``run`` seed. Tick maximisation for hypervolume and spread. IOHanalyzer
    lines runs up by evaluation counts and takes the best so far, which an indicator of a population need not be.

    A run without a stored course gives its last value alone; a NaN gives no line, an infinity is written as R's Inf.

    Raises:
        ValueError: no run has the indicator.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> course = {"convergence_n_evals": np.array([100, 200]), "convergence_igd": np.array([0.5, 0.25])}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "ioh.csv"
        ...     runs = [Record("nsga2", "zdt1", 1, {"igd": 0.25}, load=lambda: {"X": np.zeros((3, 30)), **course})]
        ...     to_iohanalyzer_csv(Results(runs), file, "igd")
        ...     print(file.read_text(), end="")
        neval,fval,fname,algname,dim,run
        100,0.5,zdt1,nsga2,30,1
        200,0.25,zdt1,nsga2,30,1
    """
    results.check_metric(metric)
    finished = [record for record in results.records if record.error is None]
    _write_csv(path, IOH_COLUMNS, (line for record in finished for line in _course(record, metric)))


def _course(record: Record, metric: str) -> list[list[Any]]:
    stored = record.load()
    X = stored.get("X")
    dim = X.shape[1] if X is not None and X.ndim == 2 else record.details.get("n_var", 0)
    counts, values = stored.get("convergence_n_evals"), stored.get(f"convergence_{metric}")
    if counts is None or values is None:
        counts, values = np.array([record.n_evals]), np.array([record.metrics.get(metric, math.nan)])
    same = [record.problem, record.algorithm, dim, record.seed]
    pairs = zip(counts.tolist(), values.astype(float).tolist(), strict=True)
    return [[int(n), _r_number(value), *same] for n, value in pairs if not math.isnan(value)]


def _r_number(value: float) -> str:
    return repr(value) if math.isfinite(value) else "Inf" if value > 0 else "-Inf"


def _write_csv(path: Path | str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    atomic_write(Path(path), text.getvalue().encode())
