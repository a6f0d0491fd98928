"""The wheel holds every folder, and what it installs works outside the repository."""

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_package_list_is_complete():
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {"evogan", "evogan.problems"}
    for top, name in ((ROOT / "evogan", "evogan"), (ROOT / "problems", "evogan.problems")):
        found |= {
            ".".join([name, *init.parent.relative_to(top).parts])
            for init in top.rglob("__init__.py")
            if init.parent != top
        }
    assert listed == found


def test_the_link_to_problems_is_a_link():
    assert (ROOT / "evogan" / "problems").resolve() == ROOT / "problems"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--disable-pip-version-check", "-w", out, ROOT]
    subprocess.run(command, check=True, cwd=out)
    return next(out.glob("evogan-*.whl"))


def test_the_wheel_holds_every_source_file(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    files = [f for top in ("evogan", "problems") for f in (ROOT / top).rglob("*.py")]
    for file in [*files, ROOT / "evogan" / "py.typed"]:
        name = file.relative_to(ROOT).as_posix()
        name = f"evogan/{name}" if name.startswith("problems/") else name
        assert name in held
    assert not [name for name in held if name.startswith(("problems/", "tests/", "benchmarks/"))]


def test_the_wheel_holds_the_numbers_of_the_multitask_suites(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    files = {f"evogan/{f.relative_to(ROOT).as_posix()}" for f in (ROOT / "problems/multitask/data").iterdir()}
    assert len(files) == 6 and files <= held


def test_the_wheel_works_outside_the_repository(wheel, tmp_path):
    """In an environment of its own that borrows the heavy packages of this one."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "pip", f"--python={python}", "install", "-q", "--no-deps", wheel], check=True)
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    borrowed = Path(sysconfig.get_path("purelib"))
    # A .pth file would also run the editable install's finder: link what is needed instead.
    for entry in borrowed.iterdir():
        if "evogan" not in entry.name and entry.suffix != ".pth" and not (site / entry.name).exists():
            (site / entry.name).symlink_to(entry)
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    where = "import evogan, evogan.problems.imf as p; print(evogan.__file__); print(p.__file__)"
    where += "; from evogan.problems.multitask import cec17_mtmo; cec17_mtmo(5)"
    shown = subprocess.run(
        [python, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert all(line.startswith(str(tmp_path)) for line in shown.stdout.split())
    arguments = ["gmoea", "shifted-imf1", "--n-var", "5", "--n-evals", "220", "--seed", "1", "--out", "out", "--quiet"]
    arguments += ["--set", "model.n_steps=20"]
    command = [tmp_path / "env" / "bin" / "evogan", "run", *arguments]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=120)
    assert (tmp_path / "out" / "result.json").exists()
