"""Every example runs, and every Python program and docstring example of the project does what it says."""

import ast
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import evogan

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))
# evogan.problems sits behind a link, which pkgutil follows.
MODULES = sorted(m.name for m in pkgutil.walk_packages(evogan.__path__, "evogan.") if not m.name.endswith("__main__"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_example_runs(file, tmp_path):
    command = [sys.executable, "-W", "error", file, "--quick", "--out", tmp_path / "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "an example prints what it found"


def test_examples_are_short():
    for file in EXAMPLES:
        assert len(file.read_text().splitlines()) <= 60, f"{file.name} is longer than 60 lines"


@pytest.mark.parametrize("file", BENCHMARKS, ids=lambda file: file.stem)
def test_benchmarks_import_what_there_is(file):
    """They run for hours, so nobody would see at once that a name has moved."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("evogan"):
            for alias in node.names:
                assert hasattr(importlib.import_module(node.module), alias.name), f"{node.module} has no {alias.name}"


@pytest.mark.parametrize("document", ["README.md", *sorted(p.name for p in (ROOT / "docs").glob("*.md"))])
def test_programs_in_documents_run(document, tmp_path, monkeypatch):
    file = ROOT / document if document == "README.md" else ROOT / "docs" / document
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for program in re.findall(r"^```python\n(.*?)^```", file.read_text(), re.M | re.S):
        quick = program.replace("10_000", "300").replace("5_000", "300")
        exec(compile(quick, str(file), "exec"), names)


@pytest.mark.parametrize("document", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name)
def test_links_and_pictures_in_documents_exist(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} points to {target}"


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    failures, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failures == 0
