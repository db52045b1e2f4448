from __future__ import annotations

import math

import pytest

from analysis.figures.catalogue import FIGURES
from analysis.figures.joints import COLUMNS, joint_summaries
from analysis.figures.material import NothingToDraw


def _scores(value: float) -> dict[str, float]:
    return {metric: value + place for place, metric in enumerate(COLUMNS)}


def test_means_and_deviations(make_material) -> None:
    metrics = {"binary/0": _scores(10), "binary/1": _scores(14), "deep/0": {"pckh": 30.0, "pckh_head": math.nan}}
    material = make_material(metrics=metrics)
    found = joint_summaries(material, material.plan.expanded.variants)
    assert found.keys() == {"binary", "deep"}
    assert found["binary"]["pckh_shld"].mean == 13.0
    assert found["binary"]["pckh_shld"].std == pytest.approx(math.sqrt(8))
    assert found["deep"].keys() == {"pckh"}  # a joint that is not annotated has no bar


def test_bars_are_as_high_as_the_means(make_material) -> None:
    material = make_material(metrics={"binary/0": _scores(10), "binary/1": _scores(14), "deep/0": _scores(20)})
    drawing = FIGURES["joints"].make(material)
    (axes,) = drawing.figure.axes
    heights = [[round(bar.get_height(), 6) for bar in bars] for bars in axes.containers if len(bars) == len(COLUMNS)]
    assert heights == [[12 + place for place in range(8)], [20 + place for place in range(8)]]
    assert drawing.notes[0] == "n = 1 to 2 seeds; bars: mean ± one standard deviation."
    assert drawing.notes[1].startswith("3 of 6 trials are not in it: not trained yet")


def test_nothing_to_draw(make_material) -> None:
    material = make_material(metrics={"binary/0": {}}, states={"binary/0": "failed"})
    with pytest.raises(NothingToDraw, match="no trial is complete: not trained yet; failed: DivergedError") as raised:
        FIGURES["joints"].make(material)
    assert "hglab run" in str(raised.value.mend)
