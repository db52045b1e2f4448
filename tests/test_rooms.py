"""The rooms keep their doors: search_space -> blocks -> tasks -> runners -> analysis -> cli, nothing imports back."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOMS = ("search_space", "blocks", "tasks", "runners", "analysis", "cli")
ROOT = Path(__file__).resolve().parents[1]
# What a room must never import, at any depth of its code.
FORBIDDEN = {
    "search_space": {"torch", "ray", "mlflow", "optuna", "pandas"},
    "blocks": {"ray", "mlflow", "optuna", "pandas"},
    "tasks": {"ray", "mlflow", "optuna", "pandas"},
    "runners": {"pandas"},
    "analysis": {"torch", "ray", "optuna"},
    "cli": set(),
}


def _imports(path: Path) -> set[str]:
    """The dotted names that a file imports, inside functions as well."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_rooms_before_it(room: str) -> None:
    after = set(ROOMS[ROOMS.index(room) + 1 :])
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        heads = {name.split(".")[0] for name in _imports(path)}
        assert not heads & after, f"{path.relative_to(ROOT)} imports back: {heads & after}"
        assert not heads & FORBIDDEN[room], f"{path.relative_to(ROOT)} imports {heads & FORBIDDEN[room]}"


def test_one_trial_knows_neither_ray_nor_mlflow() -> None:
    reached: set[str] = set()
    todo = ["runners.trial"]
    while todo:
        name = todo.pop()
        path = ROOT / (name.replace(".", "/") + ".py")
        if name in reached or not path.exists():
            continue
        reached.add(name)
        found = _imports(path)
        assert not {other.split(".")[0] for other in found} & {"ray", "mlflow", "optuna"}, name
        todo += found
    assert "runners.checkpoint" in reached


def test_no_file_holds_more_than_one_concept() -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert not long, "files over 300 lines"
