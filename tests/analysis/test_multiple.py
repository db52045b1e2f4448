from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.multiple import holm, p_text

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # R's p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),
        # The usual example of four: 0.005 and 0.01 stay below 0.05, 0.03 does not although it did alone.
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.5, 0.6, 0.7], [1.0, 1.0, 1.0]),
        ([0.04], [0.04]),
        ([0.02, 0.02], [0.04, 0.04]),
        ([None, 0.02, None, 0.03], [None, 0.04, None, 0.04]),
        ([None], [None]),
        ([], []),
    ],
)
def test_known_values(values: list[float | None], expected: list[float | None]) -> None:
    found = holm(values)
    assert [value is None for value in found] == [value is None for value in expected]
    assert [value for value in found if value is not None] == pytest.approx(
        [value for value in expected if value is not None]
    )


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_no_probability(bad: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.1, bad])


@given(PROBABILITIES)
def test_between_the_value_itself_and_bonferroni(values: list[float]) -> None:
    for raw, corrected in zip(values, holm(values), strict=True):
        assert corrected is not None
        assert raw <= corrected <= min(1.0, len(values) * raw) + 1e-12


@given(PROBABILITIES, st.randoms())
def test_order_does_not_matter(values: list[float], random) -> None:
    places = list(range(len(values)))
    random.shuffle(places)
    shuffled = holm([values[place] for place in places])
    assert shuffled == [holm(values)[place] for place in places]


@given(PROBABILITIES)
def test_the_ranking_stays(values: list[float]) -> None:
    corrected = [value for value in holm(values) if value is not None]
    ranked = [value for _, value in sorted(zip(values, corrected, strict=True))]
    assert ranked == sorted(ranked)


@pytest.mark.parametrize(
    ("p", "text"), [(0.0004, "<0.001"), (0.001, "0.001"), (0.0496, "0.050"), (0.31, "0.310"), (1.0, "1.000")]
)
def test_text(p: float, text: str) -> None:
    assert p_text(p) == text
