"""The strict YAML reader: the traps of YAML 1.1, and where everything stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space import InputError
from search_space.yaml_loader import load_file, load_text, parse_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("2.5e-4", 2.5e-4),
        ("-3", -3),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("no", "no"),
        ("off", "off"),
        ("yes", "yes"),
        ("On", "On"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("2020-01-01", "2020-01-01"),
        ("1:30", "1:30"),
        ("012", "012"),
        ("l2", "l2"),
        ("'1'", "1"),
        ('"true"', "true"),
    ],
)
def test_scalars_mean_what_they_look_like(text: str, value: object) -> None:
    loaded = load_text(f"key: {text}", "study.yaml").data["key"]
    assert loaded == value
    assert type(loaded) is type(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives_its_text(number: float) -> None:
    assert parse_scalar(repr(number)) == number


@given(st.integers())
def test_every_integer_survives_its_text(number: int) -> None:
    assert parse_scalar(str(number)) == number


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", ":3:1", "'a' stands twice (first in line 1)"),
        ("a: [1, 2\n", ":2:1", "not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", ":1:4", "is not allowed"),
        ("a: !thing x\n", ":1:4", "is not allowed"),
        ("a: 1\n b: 2\n", ":2:3", "not valid YAML"),
        ("? [a, b]\n: 1\n", ":1:3", "a key must be a plain word"),
        ("a: &x [*x]\n", ":1:4", "refers to itself"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, place: str, what: str) -> None:
    with pytest.raises(InputError) as raised:
        load_text(text, "study.yaml")
    assert f"study.yaml{place}: " in str(raised.value)
    assert what in str(raised.value)


def test_a_document_that_unfolds_without_end_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 8)]
    with pytest.raises(InputError, match="too many values"):
        load_text("\n".join(lines), "study.yaml")


def test_keys_and_values_remember_their_places() -> None:
    document = load_text("study: x\nvariants:\n  - {id: a, set: {block.depth: 4}}\n", "s.yaml")
    path = ("variants", 0, "set", "block.depth")
    assert str(document.key_location(path)) == "s.yaml:3:19"
    assert str(document.value_location(path)) == "s.yaml:3:32"
    assert str(document.value_location(("variants", 0, "missing"))) == "s.yaml:3:5"


def test_a_file_that_is_not_there_names_its_neighbours(tmp_path) -> None:
    (tmp_path / "other.yaml").write_text("study: other\n")
    with pytest.raises(InputError, match=r"no such file; in .*: other\.yaml"):
        load_file(tmp_path / "missing.yaml")


def test_a_file_that_is_not_text_is_refused(tmp_path) -> None:
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="cannot be read as a text file"):
        load_file(path)
