"""Exports hold everything and read back."""

import csv

import numpy as np
import pytest

from evogan.experiments._export import to_iohanalyzer_csv, to_long_csv, to_npz
from evogan.experiments._results import Record, Results, results_from_csv

INF, NAN = float("inf"), float("nan")


def course(**columns):
    return lambda: {
        "X": np.full((2, 30), 0.5),
        "F": np.array([[0.0, 1.0], [1.0, 0.0]]),
        "convergence_n_evals": np.array([100, 200, 300]),
        **{f"convergence_{name}": np.array(values) for name, values in columns.items()},
    }


RUNS = Results(
    [
        Record(
            "nsga2", "zdt1", 1, {"igd": 0.1, "hv": 0.7}, n_evals=300, load=course(igd=[INF, NAN, 0.1], hv=[0, 0.5, 0.7])
        ),
        Record("nsga2", "zdt1", 2, {"igd": INF}, n_evals=300, cpu_seconds=1.25),
        Record("a, b", "zdt1", 1, {"igd": 1 / 3}, n_evals=300, details={"n_var": 10}),
        Record("a, b", "zdt1", 2, {}, n_evals=20, error='ValueError: "x"\nsecond line'),
    ]
)


def test_long_csv(tmp_path):
    to_long_csv(RUNS, tmp_path / "runs.csv")
    with open(tmp_path / "runs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["problem", "algorithm", "seed", "n_evals", "igd", "hv", "cpu_seconds", "error"]
    assert [row["igd"] for row in rows] == ["0.1", "inf", repr(1 / 3), ""]
    assert [row["cpu_seconds"] for row in rows] == ["", "1.25", "", ""]
    assert rows[1]["hv"] == "" and rows[3]["error"] == 'ValueError: "x"\nsecond line'


def test_long_csv_reads_back(tmp_path):
    def shown(results):
        return [
            (r.algorithm, r.problem, r.seed, r.metrics, r.n_evals, repr(r.cpu_seconds), r.error)
            for r in results.records
        ]

    to_long_csv(RUNS, str(tmp_path / "runs.csv"))
    again = results_from_csv(tmp_path / "runs.csv")
    assert shown(again) == shown(RUNS)
    assert again.metrics == ["igd", "hv"] and len(again.failures) == 1


def test_an_indicator_may_be_called_error(tmp_path):
    (tmp_path / "runs.csv").write_text("problem,algorithm,error\np,a,0.5\np,a,0.25\n")
    results = results_from_csv(tmp_path / "runs.csv")
    assert results.values("error", problem="p", algorithm="a").tolist() == [0.5, 0.25] and not results.failures


def test_long_csv_refuses_an_ambiguous_column(tmp_path):
    with pytest.raises(ValueError, match=r"metrics must not be named problem, .*, got 'seed'"):
        to_long_csv(Results([Record("a", "p", 1, {"seed": 1.0})]), tmp_path / "runs.csv")
    assert not list(tmp_path.iterdir())


def test_npz(tmp_path):
    to_npz(RUNS, tmp_path / "runs.npz")
    with np.load(tmp_path / "runs.npz") as arrays:
        assert arrays["zdt1/nsga2/seed"].tolist() == [1, 2] and arrays["zdt1/nsga2/n_evals"].tolist() == [300, 300]
        assert arrays["zdt1/nsga2/metric/igd"].tolist() == [0.1, INF]
        assert np.isnan(arrays["zdt1/nsga2/metric/hv"][1])
        assert arrays["zdt1/nsga2/run1/X"].shape == (2, 30)
        assert arrays["zdt1/nsga2/run1/F"].tolist() == [[0.0, 1.0], [1.0, 0.0]]
        assert arrays["zdt1/a, b/seed"].tolist() == [1]  # the failed run is not there
        assert not [key for key in arrays if "run2" in key or key.endswith(("/G", "/CV"))]


def test_npz_refuses_equal_keys(tmp_path):
    same_seed = [Record("a", "p", 1, {"igd": 1.0}, load=course()) for _ in range(2)]
    with pytest.raises(ValueError, match="a key of its own, got 'p/a/run1/X' twice"):
        to_npz(Results(same_seed), tmp_path / "runs.npz")
    slashes = [Record("c", "a/b", 1, {"igd": 1.0}), Record("b/c", "a", 1, {"igd": 1.0})]
    with pytest.raises(ValueError, match="got 'a/b/c/seed' twice"):
        to_npz(Results(slashes), tmp_path / "runs.npz")


def test_iohanalyzer_csv(tmp_path):
    to_iohanalyzer_csv(RUNS, tmp_path / "ioh.csv", "igd")
    assert (tmp_path / "ioh.csv").read_text().splitlines() == [
        "neval,fval,fname,algname,dim,run",
        "100,Inf,zdt1,nsga2,30,1",  # 200 has a NaN
        "300,0.1,zdt1,nsga2,30,1",
        "300,Inf,zdt1,nsga2,0,2",  # neither course nor arrays: the last value alone
        '300,0.3333333333333333,zdt1,"a, b",10,1',
    ]


def test_iohanalyzer_csv_leaves_out_runs_without_the_indicator(tmp_path):
    to_iohanalyzer_csv(RUNS, tmp_path / "ioh.csv", "hv")
    assert [line.split(",")[:2] for line in (tmp_path / "ioh.csv").read_text().splitlines()[1:]] == [
        ["100", "0.0"],
        ["200", "0.5"],
        ["300", "0.7"],
    ]
    with pytest.raises(ValueError, match="metric must be one of igd, hv, got 'gd'"):
        to_iohanalyzer_csv(RUNS, tmp_path / "other.csv", "gd")


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    for write in (to_long_csv, to_npz, lambda r, p: to_iohanalyzer_csv(r, p, "igd")):
        with pytest.raises(OSError, match="nowhere"):
            write(RUNS, tmp_path / "nowhere" / "file")
