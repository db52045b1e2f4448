from __future__ import annotations

import itertools

import pytest

from analysis.figures.choosing import choose, looks
from analysis.figures.style import LOOKS, MOST


def _study(count: int, baseline: bool = True) -> str:
    rows = [
        f"  - {{id: v{place}, set: {{training.epochs: {place + 1}}}"
        f"{', baseline: true' if baseline and place == 2 else ''}}}"
        for place in range(count)
    ]
    return "study: x\nvariants:\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("count", "baseline", "sizes"),
    [(3, True, [3]), (8, True, [8]), (9, True, [5, 5]), (9, False, [5, 4]), (16, False, [8, 8]), (17, True, [7, 6, 6]),
     (29, True, [8, 8, 8, 7])],
)  # fmt: skip
def test_panels_are_even_and_each_has_the_baseline(make_material, count, baseline, sizes) -> None:
    material = make_material(_study(count, baseline), metrics={})
    choice = choose(material, (), material.plan.expanded.variants)
    if count <= 28:
        assert [len(panel) for panel in choice.panels] == sizes
        assert {variant.id for variant in choice.variants} == {f"v{place}" for place in range(count)}
        assert choice.note is None
    else:
        assert len(choice.variants) == 28
        assert choice.note is not None
    assert all(any(variant.baseline for variant in panel) == baseline for panel in choice.panels)


def test_of_too_many_the_best_are_shown(make_material) -> None:
    metrics = {f"v{place}/0": {"pckh": float(place)} for place in range(40)}
    material = make_material(_study(40), metrics=metrics)
    choice = choose(material, (), material.plan.expanded.variants)
    assert {variant.id for variant in choice.variants} == {"v2", *(f"v{place}" for place in range(13, 40))}
    assert choice.note is not None
    assert choice.note.startswith("The 28 best by PCKh of 40 variants")


def test_those_asked_for_are_shown_in_their_order(make_material) -> None:
    material = make_material(_study(5), metrics={})
    choice = choose(material, ("v4", "v1"), material.plan.expanded.variants)
    assert [variant.id for variant in choice.variants] == ["v4", "v1"]


def test_the_baseline_has_the_first_look(make_material) -> None:
    material = make_material(_study(4), metrics={})
    found = looks(material.plan.expanded.variants)
    assert [found[name] for name in ("v2", "v0", "v1", "v3")] == list(LOOKS[:4])


def test_looks_differ_in_colour_and_in_grey() -> None:
    assert len(LOOKS) == MOST == 8
    for one, other in itertools.combinations(LOOKS, 2):
        assert one.colour != other.colour
        assert one.line != other.line
        assert one.marker != other.marker
        assert one.hatch != other.hatch
