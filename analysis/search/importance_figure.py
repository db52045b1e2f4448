"""Which dimensions of a search matter for its objectives: horizontal bars, a panel for each objective."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.figures.page import Drawing, finish, new_figure
from analysis.figures.style import COLUMN, INK, LOOKS, PAGE, SMALL
from analysis.numbers import NONE
from analysis.search.choosing import NothingFound
from analysis.search.tally import tally
from analysis.search.words import metric_named, names_of
from runners.search.importance import best_among, why_none

if TYPE_CHECKING:
    from runners.search.results import SearchResult

_BAR = 0.2  # inches for each dimension


def draw_importance(result: SearchResult, importance: Mapping[str, Mapping[str, float]]) -> Drawing:
    """The figure, from what `runners.search.importance.importances` said. Call it inside of `styled`.

    Raises:
        NothingFound: where too few trials are complete to tell.
    """
    told = {metric: shares for metric, shares in importance.items() if shares}
    if (why := why_none(result)) or not told:
        raise NothingFound(f"{why or 'all complete trials are alike in what was sought.'} {tally(result)}")
    names = names_of(each.key for each in result.search.space.dimensions)
    first = next(iter(told.values()))
    keys = sorted(names, key=lambda key: (-first.get(key, 0.0), list(names).index(key)))
    figure = new_figure(COLUMN if len(told) == 1 else PAGE, 0.62 + _BAR * len(keys))
    panels: Any = figure.subplots(1, len(told), sharey=True, squeeze=False)[0]
    for place, (axes, (metric, shares)) in enumerate(zip(panels, told.items(), strict=True)):
        look = LOOKS[(2, 1, 3)[place % 3]]
        values = [shares.get(key, 0.0) for key in keys]
        axes.barh(range(len(keys)), values, height=0.62, color=look.colour)
        for row, (key, value) in enumerate(zip(keys, values, strict=True)):
            said = f"{value:.0%}" if key in shares else NONE
            axes.annotate(said, (value, row), (3, 0), textcoords="offset points", size=SMALL, color=INK, va="center")
        axes.set_title(metric_named(metric).header, loc="left")
        axes.set_xlim(0, max(values) * 1.18 or 1.0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlabel("share of importance")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(keys)), [names[key] for key in keys])
    panels[0].invert_yaxis()
    notes = [
        f"Importance by PED-ANOVA over {len(result.complete)} complete trials: how far the best "
        f"{best_among(len(result.complete))} of them differ from all in each dimension. It tells of this search, not "
        "of causes."
    ]
    if any(key not in shares for shares in told.values() for key in keys):
        notes.append(f"{NONE}: too few trials use it to tell.")
    if missing := [metric_named(metric).header for metric in importance if metric not in told]:
        notes.append(f"Nothing to tell of {' and '.join(missing)}: too many trials have the same.")
    return finish(figure, notes)
