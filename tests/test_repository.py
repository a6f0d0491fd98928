"""Lint, types and format are part of the tests."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["lint", "format", "types"],
)
def test_clean(command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_versions_agree():
    import evogan

    assert f"## {evogan.__version__}" in (ROOT / "CHANGELOG.md").read_text()
    assert f"version: {evogan.__version__}" in (ROOT / "CITATION.cff").read_text()


def test_import_is_light():
    code = "import sys, evogan, evogan.cli; print(sorted({'torch', 'pymoo', 'numpy', 'matplotlib'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
