"""Campaigns from TOML files."""

from pathlib import Path

import pytest

from evogan import algorithms as library
from evogan.cli import main
from evogan.cli._bench import read_campaign
from evogan.cli.multitask_names import ALGORITHMS
from evogan.experiments import load_results

CAMPAIGNS = sorted((Path(__file__).parents[2] / "benchmarks" / "campaigns").glob("*.toml"))

GOOD = """
name = "small"
n_evals = 40
seeds = 2
pop_size = { 1 = 20, 2 = 10, 3 = 12 }
algorithms = ["nsga2", { name = "gmoea", label = "few steps", set = { model.n_steps = 2, refit_every = 3 } }]
problems = [
    { names = ["imf1", "shifted-imf4"], n_var = 4, label = "{name}-d{n_var}" },
    { name = "sphere", n_evals = 30 },
]

[quick]
seeds = 1
algorithms = ["ga"]
problems = ["sphere"]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(GOOD)
    return path


def test_a_campaign_reads_as_written(file):
    campaign = read_campaign(file)
    cells = campaign.cells()
    assert campaign.name == "small"
    assert list(campaign.problems) == ["imf1-d4", "shifted-imf4-d4", "sphere"]
    assert list(campaign.algorithms) == ["nsga2", "few steps"]
    assert {(c.problem, c.n_evals) for c in cells} == {("imf1-d4", 40), ("shifted-imf4-d4", 40), ("sphere", 30)}
    sizes = {(c.problem, c.config["algorithm"]["pop_size"]) for c in cells if c.problem != "sphere"}
    assert sizes == {("imf1-d4", 10), ("shifted-imf4-d4", 12)}
    model = next(c for c in cells if c.algorithm == "few steps").config["algorithm"]["mating"]["infills"][0]
    assert (model["refit_every"], model["model"]["n_steps"]) == (3, 2)


@pytest.mark.parametrize("name", [path.stem for path in CAMPAIGNS])
def test_our_campaigns_are_sound(name):
    path = next(path for path in CAMPAIGNS if path.stem == name)
    missing = [a for a, entry in ALGORITHMS.items() if f'"{a}"' in path.read_text() and not hasattr(library, entry.cls)]
    if missing:
        pytest.skip(f"evogan.algorithms has no {', '.join(missing)}")
    for quick in (False, True) if "[quick]" in path.read_text() else (False,):
        keys = [cell.key for cell in read_campaign(path, quick=quick).cells()]
        assert len(keys) == len(set(keys)) > 10


def test_bench_runs_and_continues(file, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["bench", str(file), "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert "12 runs" in captured.out and "0 failed" in captured.out and "12/12 cells" in captured.err
    assert main(["bench", str(file), "--out", str(out), "--quiet"]) == 0
    assert len(load_results(out).records) == 12
    assert main(["bench", str(file), "--out", str(out), "--quick", "--quiet"]) == 2
    assert "'small', not 'small-quick'" in capsys.readouterr().err
    file.write_text(GOOD.replace("1 = 20, ", ""))
    assert main(["bench", str(file), "--out", str(tmp_path / "q"), "--quick", "--quiet"]) == 2
    assert "pop_size has no entry for 1 objectives" in capsys.readouterr().err


WRONG = {
    "unknown algorithm": (("nsga2", "nsga22"), "nsga22"),
    "unknown problem": (('"imf1"', '"imf11"'), "did you mean"),
    "missing field": (("seeds = 2", ""), "'seeds'"),
    "missing budget": (("n_evals = 40", ""), "'n_evals'"),
    "unknown field": (("seeds = 2", "seeds = 2\nsead = 1"), "'sead'"),
    "unknown field of an entry": (("refit_every = 3 }", "refit_every = 3 }, sets = 1"), "'sets'"),
    "unknown setting": (("refit_every", "refit_evry"), "refit_evry"),
    "duplicate label": (('"few steps"', '"nsga2"'), "twice"),
    "no TOML": (("seeds = 2", "seeds = "), "not TOML"),
    "bad label": (("{n_var}", "{d}"), "label"),
    "seeds zero": (("seeds = 2", "seeds = 0"), "seeds"),
    "name and names": (("names = [", 'name = "zdt1", names = ['), "either"),
    "empty list": (('["nsga2", {', "[] # {"), "algorithms"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_campaigns_are_one_clear_line(case, file, tmp_path, capsys):
    (old, new), message = WRONG[case]
    assert old in GOOD
    file.write_text(GOOD.replace(old, new, 1))
    assert main(["bench", str(file), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and message in lines[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--executor", "serial", "--workers", "2"], "one worker"),
        (["--executor", "process", "--dask-scheduler", "tcp://x:1"], "dask"),
        (["--workers", "0"], "--workers"),
        (["--device", "tpu"], "device"),
    ],
)
def test_wrong_options(arguments, message, file, tmp_path, capsys):
    assert main(["bench", str(file), "--out", str(tmp_path / "out"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_no_such_file(tmp_path, capsys):
    assert main(["bench", str(tmp_path / "none.toml"), "--out", str(tmp_path)]) == 2
    assert "none.toml" in capsys.readouterr().err
