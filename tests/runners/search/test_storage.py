"""Where a search is kept: what must not change under it, and what is never shown of its address."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from threading import Barrier

import pytest

from runners.job import Places
from runners.search.opening import storage_url, without_password
from runners.search.storage import check_unchanged, create_study, once, open_study
from search_space import InputError


@pytest.fixture
def study(make_search, tmp_path):
    return create_study(make_search(), storage_url(Places.below(tmp_path / "runs")))


def test_what_a_search_began_with_must_stay(study) -> None:
    began = {"the data set 'lsp'": "a" * 64, "the teacher 'table3_real/wider'": "b" * 64}
    check_unchanged(study, "sqlite:///x.db", began)
    check_unchanged(study, "sqlite:///x.db", {**began, "the data set 'mpii'": "c" * 64})  # a point may bring another
    for name in began:
        with pytest.raises(InputError) as raised:
            check_unchanged(study, "sqlite:///x.db", {**began, name: "d" * 64})
        (problem,) = raised.value.problems
        digits = "a" * 12 if "lsp" in name else "b" * 12
        assert problem.what == f"{name} has changed since the search began ({digits}, now {'d' * 12})"
        assert "another --storage" in problem.hint


def test_another_space_or_scale_is_another_search(make_search, tmp_path) -> None:
    url = storage_url(Places.below(tmp_path / "runs"))
    create_study(make_search(), url)
    assert open_study(make_search(replaced={"trials: 8": "trials: 80"}), url) is not None
    assert open_study(make_search(replaced={"int: [2, 4]": "int: [2, 5]"}), url) is None
    assert open_study(make_search(**{"training.epochs": 3}), url) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg2://me:secret@host/db", "postgresql+psycopg2://me:***@host/db"),
        ("sqlite:////runs/optuna.db", "sqlite:////runs/optuna.db"),
        ("no url", "no url"),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite+pysqlite://"])
def test_a_search_is_not_kept_in_memory(url: str, tmp_path) -> None:
    with pytest.raises(InputError, match=r"is kept in memory.*name a file, as in --storage sqlite:///runs/optuna.db"):
        storage_url(Places.below(tmp_path), url)


@pytest.mark.parametrize("url", ["sqlite:///some/optuna.db", "sqlite+pysqlite:///some/optuna.db"])
def test_a_file_is_the_same_from_every_folder(url: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert storage_url(Places.below(tmp_path), url) == f"sqlite:///{tmp_path / 'some' / 'optuna.db'}"


@pytest.mark.parametrize(
    ("url", "module", "package"),
    [
        ("postgresql+psycopg://host/db", "psycopg", "'psycopg[binary]'"),
        ("postgresql+psycopg2://host/db", "psycopg2", "psycopg2-binary"),
        ("mysql://host/db", "MySQLdb", "mysqlclient"),
    ],
)
def test_a_driver_that_is_missing_is_named(make_search, url: str, module: str, package: str) -> None:
    if find_spec(module) is not None:
        pytest.skip(f"{module} is installed")
    with pytest.raises(InputError) as raised:
        create_study(make_search(), url)
    (problem,) = raised.value.problems
    assert problem.what == f"this kind of database needs the package '{module}'"
    assert problem.hint == f"pip install {package}"


@pytest.mark.slow
def test_launches_that_begin_at_once_make_one_storage(make_search, tmp_path) -> None:
    url = storage_url(Places.below(tmp_path / "runs"))
    search = make_search()
    for number in range(5):
        fresh = url.replace("optuna.db", f"{number}.db")
        together = Barrier(4)

        def begin(fresh: str = fresh, together: Barrier = together) -> str:
            together.wait()
            return create_study(search, fresh).study_name

        with ThreadPoolExecutor(4) as pool:
            begun = [pool.submit(begin) for _ in range(4)]
        assert len({each.result() for each in begun}) == 1


def test_a_figure_is_measured_once(study) -> None:
    assert once(study, "latency", lambda: 3.5) == 3.5
    assert once(study, "latency", lambda: 4.5) == 3.5
    assert once(study, "another", lambda: 4.5) == 4.5
