"""A module imports its own floor or a lower one, never a higher one (docs/architecture.md)."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOORS = {
    "_internal": 0,
    "exceptions": 0,
    "datasets": 1,
    "features": 1,
    "losses": 1,
    "regularizers": 1,
    "nets": 1,
    "metrics": 1,
    "problems": 1,
    "training": 2,
    "models": 3,
    "gans": 3,
    "neuroevolution": 4,
    "multitask": 4,
    "operators": 4,
    "algorithms": 5,
    "integrations": 5,
    "experiments": 6,
    "plotting": 6,
    "testing": 6,
    "cli": 7,
    "__main__": 7,
}


def modules():
    """Yield (folder, file) of every source file; problems/ is named because a walk does not follow its link."""
    for file in sorted((ROOT / "evogan").rglob("*.py")):
        folder = file.relative_to(ROOT / "evogan").parts[0].removesuffix(".py")
        if folder not in ("__init__", "problems"):
            yield folder, file
    for file in sorted((ROOT / "problems").rglob("*.py")):
        yield "problems", file


def imports(file):
    """Yield every module name that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import absolutely, not from {'.' * node.level}{node.module or ''}"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_folder_has_a_floor():
    assert {folder for folder, _ in modules()} == set(FLOORS)


def test_no_module_imports_a_higher_floor():
    for folder, file in modules():
        for name in imports(file):
            parts = name.split(".")
            if parts[0] == "evogan" and len(parts) > 1 and parts[1] in FLOORS:
                assert FLOORS[parts[1]] <= FLOORS[folder], f"{file}: {folder} may not import evogan.{parts[1]}"


def test_problems_and_metrics_know_no_torch():
    for folder, file in modules():
        if folder in ("problems", "metrics"):
            assert not [n for n in imports(file) if n.split(".")[0] == "torch"], f"{file} imports torch"


def test_only_operators_and_above_know_pymoo_algorithms():
    for folder, file in modules():
        if FLOORS[folder] <= 3:
            assert not [n for n in imports(file) if n.startswith("pymoo.algorithms")], (
                f"{file} imports pymoo.algorithms"
            )
