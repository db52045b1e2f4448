"""Where a search is kept: what must not change under it, and what is never shown of its address."""

from __future__ import annotations

import pytest

from runners.job import Places
from runners.search.storage import check_unchanged, create_study, open_study, storage_url, without_password
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
