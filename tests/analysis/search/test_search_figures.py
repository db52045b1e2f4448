"""The figures of a search: what is in them, as matplotlib holds it, and that every kind of result is drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.figures.saving import to_bytes
from analysis.figures.style import styled
from analysis.search.axes import axis_label
from analysis.search.choosing import NothingFound
from analysis.search.coordinates import NOT_USED, coordinate
from analysis.search.coordinates_figure import draw_coordinates
from analysis.search.front_figure import draw_front
from analysis.search.importance_figure import draw_importance
from analysis.search.marks import window
from search_space.dimensions import Dimension
from tests.analysis.search.made_up import STATES, made_up, write_search

pytestmark = pytest.mark.slow

OBJECTIVES = ("[pckh]", "[pckh, params]", "[pckh, params, binary_macs]", "[params]", "[validation_loss, params]")


@pytest.mark.parametrize("objectives", OBJECTIVES)
@pytest.mark.parametrize("trials", [1, 3, 40])
def test_every_search_is_drawn(tmp_path: Path, objectives: str, trials: int) -> None:
    result = made_up(write_search(tmp_path, objectives), trials)
    with styled():
        for drawing in (draw_front(result), draw_coordinates(result)):
            assert to_bytes(drawing.figure, "png", 50)
            assert any("promote before quoting" in note for note in drawing.notes)


def test_the_same_search_gives_the_same_bytes(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    with styled():
        for draw in (draw_front, draw_coordinates):
            assert to_bytes(draw(result).figure, "svg") == to_bytes(draw(result).figure, "svg")


def test_front_names_first_points_and_tells_states_apart(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    with styled():
        figure = draw_front(result).figure
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [
        "Pareto front", "complete, beaten", "stopped early, its last value", "left out, not trained",
        "bottleneck, learning rate 0.02", "hierarchical, depth 3", "params <= 4.5e5",
    ]  # fmt: skip
    steps = next(line for line in figure.axes[0].get_lines() if line.get_drawstyle() == "steps-post")
    placed = sorted((trial.values["params"], trial.values["pckh"]) for trial in result.front)
    assert list(zip(steps.get_xdata(), steps.get_ydata(), strict=True)) == placed


def test_the_best_so_far_never_gets_worse(tmp_path: Path) -> None:
    for objectives, sign in (("[pckh]", 1), ("[validation_loss]", -1)):
        result = made_up(write_search(tmp_path, objectives))
        with styled():
            figure = draw_front(result).figure
        steps = next(line for line in figure.axes[0].get_lines() if line.get_drawstyle() == "steps-post")
        heights = [sign * float(height) for height in steps.get_ydata()]  # type: ignore[arg-type, union-attr]
        assert heights == sorted(heights)


def test_a_relative_constraint_is_drawn_where_it_bounds(tmp_path: Path) -> None:
    changes = {"params <= 4.5e5": "params <= 1.0 x blocks/hierarchical"}
    result = made_up(write_search(tmp_path), 0)
    bound = result.search.config({"block.type": "hierarchical"})
    assert bound
    path = write_search(tmp_path, changes=changes)
    from runners.search.results import SearchResult
    from search_space import expand_search, read_study

    search = expand_search(read_study(path))
    made = made_up(write_search(tmp_path))
    with styled():
        drawing = draw_front(SearchResult(search, made.trials, made.storage, made.optuna_study))
    labels = [text.get_text() for text in drawing.figure.legends[0].get_texts()]
    assert any(label.startswith("params <= 1 x blocks/hierarchical") for label in labels)


def test_the_window_holds_what_is_complete_and_what_is_near() -> None:
    view = window([30.0, 40.0], [28.0, 2.0, 41.0])
    assert all(map(view.inside, (30.0, 40.0, 28.0, 41.0)))
    assert not view.inside(2.0)


def test_importance_has_a_bar_for_each_dimension(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    with styled():
        drawing = draw_importance(result, {"pckh": {"block.type": 0.75, "block.depth": 0.25}, "params": {}})
    axes = drawing.figure.axes
    assert len(axes) == 1
    assert len(axes[0].patches) == len(result.search.space.dimensions)
    assert axes[0].get_yticklabels()[0].get_text() == "block type"
    assert any("Nothing to tell of # params" in note for note in drawing.notes)
    assert any(f"over {len(result.complete)} complete trials: how far the best 5 " in note for note in drawing.notes)


def test_importance_of_too_few_trials_is_not_drawn(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path), 2)
    with styled(), pytest.raises(NothingFound, match="cannot be told of 2 complete trials: it takes 20"):
        draw_importance(result, {"pckh": {"block.type": 1.0}})


def test_a_first_point_that_was_stopped_is_hollow(tmp_path: Path) -> None:
    made = made_up(write_search(tmp_path), states=("complete",))
    first, *others = made.trials
    result = replace(made, trials=(replace(first, state="pruned", epochs=1), *others))
    assert not any(trial.state == "pruned" for trial in others)
    with styled():
        figure = draw_front(result).figure
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    handles = dict(zip(labels, figure.legends[0].legend_handles, strict=True))
    assert "stopped early, its last value" in labels, "what hollow means"
    stopped, complete = handles["bottleneck, learning rate 0.02"], handles["hierarchical, depth 3"]
    assert stopped.get_markerfacecolor() == "white"
    assert complete.get_markerfacecolor() == complete.get_color()
    drawn = [line for line in figure.axes[0].get_lines() if line.get_marker() == stopped.get_marker()]
    assert [line.get_markerfacecolor() for line in drawn] == ["white"]


def test_stopped_trials_are_among_those_that_were_compared(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    compared = sum(trial.state in ("complete", "pruned") for trial in result.trials)
    assert compared > len(result.complete)
    with styled():
        for drawing in (draw_front(result), draw_coordinates(result)):
            assert any(f"chosen among {compared}, " in note for note in drawing.notes)


def test_an_axis_has_its_unit_once(tmp_path: Path) -> None:
    made = made_up(write_search(tmp_path, "[pckh, latency_ms]"), 1)
    trials = tuple(replace(trial, values={**trial.values, "latency_ms": 12.5}) for trial in made.trials)
    with styled():
        texts = draw_coordinates(replace(made, trials=trials)).figure.axes[0].texts
    words = [" ".join(text.get_text().split()) for text in texts]
    assert "latency (ms)" in words
    assert not any("(ms) (ms)" in word for word in words)


@pytest.mark.parametrize("draw", [draw_front, draw_coordinates, lambda result: draw_importance(result, {"pckh": {}})])
def test_nothing_complete_is_no_figure(tmp_path: Path, draw) -> None:
    result = made_up(write_search(tmp_path), 0)
    with styled(), pytest.raises(NothingFound):
        draw(result)


@pytest.mark.parametrize(
    ("dimension", "value", "place"),
    [
        (Dimension("a", "choice", ("x", "y")), "x", 0.25),
        (Dimension("a", "choice", (False, True)), True, 0.75),
        (Dimension("a", "int", low=2, high=5), 5, 0.875),
        (Dimension("a", "int", low=1, high=101), 51, 0.5),
        (Dimension("a", "float", low=0.25, high=1.0, step=0.125), 0.25, 0.0),
        (Dimension("a", "float", low=1e-4, high=1e-2, log=True), 1e-3, 0.5),
        (Dimension("a", "float", low=0.5, high=0.5), 0.5, 0.5),
    ],
)
def test_places_along_an_axis(dimension: Dimension, value: object, place: float) -> None:
    assert coordinate(dimension).place(value) == pytest.approx(place)


def test_ends_of_an_axis_are_written() -> None:
    axis = coordinate(Dimension("a", "float", low=1e-4, high=1e-1, log=True))
    assert axis.ticks[0] == (0.0, "0.0001")
    assert axis.ticks[-1] == (1.0, "0.1")
    assert [label for _, label in axis.ticks] == ["0.0001", "0.001", "0.01", "0.1"]


def test_few_steps_are_all_written() -> None:
    axis = coordinate(Dimension("a", "float", low=0.25, high=1.0, step=0.25))
    assert [label for _, label in axis.ticks] == ["0.25", "0.5", "0.75", "1"]
    assert [label for _, label in coordinate(Dimension("a", "float", low=0.0, high=1.0, step=0.01)).ticks][1] == "0.25"


def test_the_latency_is_called_by_its_name_along_an_axis() -> None:
    assert axis_label("latency_ms", [5.0, 12.5]) == ("latency (ms)", 1)


def test_what_is_not_used_lies_below_the_axes(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path, "[pckh]"), states=tuple(state for state in STATES if state != "failed"))
    with styled():
        axes = draw_coordinates(result).figure.axes[0]
    words = [text.get_text() for text in axes.texts]
    assert "not\nused" in words
    assert axes.get_ylim()[0] < NOT_USED
