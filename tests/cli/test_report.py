"""Tables, pictures and exports from a campaign's folder and from a table of one's own."""

import csv

import numpy as np
import pytest

from evogan.cli import main

TOML = """
name = "tiny"
n_evals = 60
seeds = 4
pop_size = 10
algorithms = ["nsga2", { name = "gmoea-gaussian", label = "gaussian" }, "ga"]
problems = [{ names = ["imf1", "shifted-imf5"], n_var = 4 }]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("campaign")
    (path / "tiny.toml").write_text(TOML.replace(', "ga"', ""))
    assert main(["bench", str(path / "tiny.toml"), "--out", str(path / "out"), "--quiet"]) == 0
    return path / "out"


def evogan(*arguments):
    return main([str(argument) for argument in arguments])


def test_a_table_of_a_folder(folder, capsys):
    assert evogan("table", folder, "--metric", "igd", "--control", "nsga2") == 0
    shown = capsys.readouterr().out
    assert "| problem | nsga2 (control) | gaussian |" in shown
    assert "Holm over all 2 tests" in shown and "Runs: 16; failed: 0; evaluations: 960" in shown


def test_every_format_style_and_test(folder, tmp_path, capsys):
    for name, options in {
        "a.tex": ["--format", "tex"],
        "a.csv": ["--format", "csv", "--test", "signed-rank"],
        "a.md": ["--style", "platemo", "--effect-sizes"],
        "hv.md": ["--metric", "hv", "--correction", "none", "--statistic", "mean", "--alpha", "0.1"],
    }.items():
        assert evogan("table", folder, "--control", "nsga2", *options, "--out", tmp_path / name) == 0
        assert f"written to {tmp_path / name}" in capsys.readouterr().out
    assert r"\begin{tabular}" in (tmp_path / "a.tex").read_text()
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert {row["algorithm"] for row in rows} == {"nsga2", "gaussian"}
    assert "A12" in (tmp_path / "a.md").read_text()
    assert "larger is better" in (tmp_path / "hv.md").read_text()


@pytest.mark.parametrize("kind", ["convergence", "ecdf", "front", "attainment", "cd", "box"])
def test_every_kind_of_picture(kind, folder, tmp_path):
    for suffix in ("png", "pdf", "svg"):
        assert evogan("plot", folder, "--kind", kind, "--out", tmp_path / f"{kind}.{suffix}") == 0
        assert (tmp_path / f"{kind}.{suffix}").stat().st_size > 1000


def test_pictures_take_their_options(folder, tmp_path):
    assert evogan("plot", folder, "--kind", "box") == 0
    assert (folder / "box.png").exists()
    assert evogan("plot", folder, "--against", "seconds", "--metric", "hv", "--out", tmp_path / "a.png") == 0
    assert evogan("plot", folder, "--kind", "front", "--problems", "shifted-imf5", "--out", tmp_path / "b.png") == 0
    assert evogan("plot", folder, "--kind", "box", "--algorithms", "gaussian", "--out", tmp_path / "c.png") == 0


def test_exports(folder, tmp_path):
    assert evogan("export", folder, "--out", tmp_path / "long.csv") == 0
    assert evogan("table", tmp_path / "long.csv", "--control", "nsga2") == 0
    assert evogan("export", folder, "--format", "iohanalyzer", "--out", tmp_path / "ioh.csv") == 0
    assert len((tmp_path / "ioh.csv").read_text().splitlines()) > 16
    assert evogan("export", folder, "--format", "npz", "--out", tmp_path / "all.npz") == 0
    with np.load(tmp_path / "all.npz") as arrays:
        assert len(arrays.files) > 16


WRONG = {
    "missing control": (["table", "DIR", "--control", "moead"], "control must be one of nsga2, gaussian"),
    "unknown metric": (["table", "DIR", "--metric", "gd"], "metric must be one of"),
    "unknown problem": (["table", "DIR", "--problems", "imf2"], "imf2"),
    "unknown algorithm": (["plot", "DIR", "--algorithms", "x", "--out", "a.png"], "x"),
    "no such folder": (["table", "nowhere"], "nowhere does not exist"),
    "bad ending": (["plot", "DIR", "--out", "a.gif"], ".png"),
    "bad alpha": (["table", "DIR", "--alpha", "2"], "alpha"),
    "two problems in one picture": (
        ["plot", "DIR", "--kind", "attainment", "--problems", "imf1", "shifted-imf5", "--out", "a.png"],
        "one problem",
    ),
    "unwritable": (["export", "DIR", "--out", "no/such/folder/a.csv"], "no/such/folder"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_clear_line(case, folder, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, message = WRONG[case]
    assert evogan(*[folder if a == "DIR" else a for a in arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and message in lines[0]


def test_a_table_of_ones_own_cannot_be_drawn_as_convergence(tmp_path, capsys):
    file = tmp_path / "mine.csv"
    file.write_text("problem,algorithm,igd\n" + "".join(f"p,{a},{v}\n" for a in "ab" for v in (1, 2, 3)))
    assert evogan("table", file, "--control", "a") == 0
    assert evogan("plot", file, "--kind", "box", "--out", tmp_path / "box.png") == 0
    capsys.readouterr()
    assert evogan("plot", file, "--out", tmp_path / "a.png") == 2
    assert "convergence" in capsys.readouterr().err
