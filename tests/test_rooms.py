"""The rooms keep their doors: search_space -> blocks -> tasks -> runners -> analysis -> cli, nothing imports back.

Nor does anything inside one of them: its files import each other in no circle.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
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


def _import_statements(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The dotted names that a file imports, with what it takes from each; inside functions and for types as well."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or "", [alias.name for alias in node.names]


def _imports(path: Path) -> set[str]:
    return {name for name, _ in _import_statements(path)}


def _inner_imports(root: Path, room: str) -> dict[str, set[str]]:
    """For each module of a room those of the same room that it imports."""
    paths = {path.relative_to(root).with_suffix("").parts: path for path in (root / room).rglob("*.py")}
    modules = {".".join(parts).removesuffix(".__init__"): path for parts, path in paths.items()}
    return {
        module: {
            # `from room.package import module` is an import of the module, and not of the package's own file.
            target if (target := f"{name}.{taken}") in modules else name
            for name, what in _import_statements(path)
            for taken in what or [""]
        }
        & modules.keys()
        for module, path in modules.items()
    }


def _circle(imports: dict[str, set[str]]) -> list[str]:
    """Modules each of which the next one imports, the last the first; none where there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_rooms_before_it(room: str) -> None:
    after = set(ROOMS[ROOMS.index(room) + 1 :])
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        heads = {name.split(".")[0] for name in _imports(path)}
        assert not heads & after, f"{path.relative_to(ROOT)} imports back: {heads & after}"
        assert not heads & FORBIDDEN[room], f"{path.relative_to(ROOT)} imports {heads & FORBIDDEN[room]}"


@pytest.mark.parametrize("room", ROOMS)
def test_no_modules_of_a_room_import_each_other_in_a_circle(room: str) -> None:
    imports = _inner_imports(ROOT, room)
    assert any(imports.values())
    assert not _circle(imports), "a circle of imports: move what they share to a file below them"


@pytest.mark.parametrize(
    "back",
    [
        "from room.a import A\n",
        "import room.a\n",
        "from room import a\n",
        "def f():\n    from room.a import A\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room.a import A\n",
    ],
)
def test_a_circle_is_found(tmp_path: Path, back: str) -> None:
    room = tmp_path / "room"
    (room / "inner").mkdir(parents=True)
    for name, text in {
        "__init__": "from room.a import A\n",  # a package's door, which its own modules do not use
        "a": "from room.inner import b\nA = b.B\n",
        "inner/__init__": "",
        "inner/b": "B = 1\n",
    }.items():
        (room / f"{name}.py").write_text(text, encoding="utf-8")
    assert not _circle(_inner_imports(tmp_path, "room"))
    (room / "inner" / "b.py").write_text(back, encoding="utf-8")
    assert set(_circle(_inner_imports(tmp_path, "room"))) == {"room.a", "room.inner.b"}


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
