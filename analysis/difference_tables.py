"""What two variants differ in, as tables: side by side, ready for every format that tables have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from analysis.notes import NoteList
from analysis.numbers import NONE, NumberFormat, choose_format
from analysis.statistics import Comparison, Summary
from analysis.table_model import Cell, Head, Note, Row, Table
from analysis.variant_difference import MetricDifference, VariantDifference
from search_space.keys import show_value
from search_space.metrics import METRICS

_COSTS = ("params", "binary_params", "binary_macs", "real_macs", "size_bytes")
_STATES = {"missing": "not trained yet"}


def to_tables(told: VariantDifference) -> tuple[Table, ...]:
    """Tables of the configuration (none if it is the same), the network, the trials and the results.

    Each has a column for either side. Differences are the second's number less the first's; deviations are over seeds.
    """
    tables = [network_table(told), trials_table(told), results_table(told)]
    if told.configuration:
        tables.insert(0, configuration_table(told))
    return tuple(tables)


def remarks(told: VariantDifference) -> list[str]:
    """What has to be known before the numbers are compared: scales and data, and what is the same in both."""
    first, second = told.sides
    plans = (first.plan, second.plan)
    settings = [f"scale {plan.expanded.scale}, data {', '.join(plan.data_versions)}" for plan in plans]
    if settings[0] == settings[1]:
        said = [f"Both of {settings[0]}."]
    else:
        said = [f"{first.name} is of {settings[0]}; {second.name} is of {settings[1]}: their results do not compare."]
    for name in plans[0].data_versions.keys() & plans[1].data_versions.keys():
        if plans[0].data_versions[name] != plans[1].data_versions[name]:
            said.append(f"They are of different versions of the data set {name}.")
    if told.same_trials:
        said.append("They are the same trials, trained once.")
    elif not told.configuration:
        said.append("Their configurations are the same.")
    if told.networks[0] == told.networks[1] and first.counts == second.counts:
        said.append("Their networks have the same layers and cost the same.")
    return said


def configuration_table(told: VariantDifference) -> Table:
    """The keys that differ; `—` where a key means nothing."""
    rows = []
    for each in told.configuration:
        cells = [
            Cell(value, show_value(value)) if active else Cell(None, NONE)
            for value, active in zip(each.values, each.active, strict=True)
        ]
        rows.append(Row(each.key, each.key, tuple(cells)))
    notes = ["Keys that differ, defaults filled in."]
    if any(not all(each.active) for each in told.configuration):
        notes.append("—: the key means nothing there.")
    return _table(told, "Configuration", "Key", _sides(told, numeric=False), rows, notes)


def network_table(told: VariantDifference) -> Table:
    """What the networks cost, what they see, and how many layers they have of each type."""
    rows = []
    for name in _COSTS:
        values = [int(getattr(side.counts, name)) for side in told.sides]
        header = METRICS[name].header if name in METRICS else "binary weights"
        kind = METRICS[name].format if name in METRICS else METRICS["params"].format
        printed = choose_format(kind, values)
        ratio = Cell(values[1] / values[0], f"{values[1] / values[0]:.2f}") if values[0] else Cell(None, NONE)
        rows.append(_numbers(name, header, values, printed, ratio, "cost"))
    plain = NumberFormat("", 1.0, 0)
    fields = [(each.receptive_field, each.block_receptive_field) for each in told.networks]
    pixels = replace(plain, unit="px")
    for key, header, values in (
        ("receptive_field", "of the network", [fields[0][0], fields[1][0]]),
        ("block_receptive_field", "of a block", [fields[0][1], fields[1][1]]),
    ):
        rows.append(_numbers(key, header, values, pixels, Cell(None, NONE), "receptive field"))
    for name in dict.fromkeys(name for facts in told.networks for name in facts.layers):
        values = [facts.layers.get(name, 0) for facts in told.networks]
        rows.append(_numbers(f"layers.{name}", name, values, plain, Cell(None, NONE), "number of layers"))
    heads = [*_sides(told), _difference_head(), Head("ratio", "ratio", "statistic")]
    resolutions = [f"{side.variant.config.data.resolution} px" for side in told.sides]
    notes = [f"For one image of {' and '.join(dict.fromkeys(resolutions))}. Ratio: the second to the first."]
    return _table(told, "Network", "", heads, rows, notes)


def trials_table(told: VariantDifference) -> Table:
    """The state of every trial, seed by seed."""
    marks = NoteList()
    seeds = dict.fromkeys(trial.seed for result in told.results for trial in result.trials)
    rows = []
    for seed in seeds:
        cells = []
        for result in told.results:
            trial = next((trial for trial in result.trials if trial.seed == seed), None)
            if trial is None:
                cells.append(Cell(None, "not planned"))
                continue
            failed = (marks.mark(str(trial.lack(None))),) if trial.state == "failed" else ()
            runs = (trial.run_id,) if trial.run_id else ()
            cells.append(Cell(trial.state, _STATES.get(trial.state, trial.state), marks=failed, runs=runs))
        rows.append(Row(f"seed_{seed}", f"seed {seed}", tuple(cells)))
    table = _table(told, "Trials", "", _sides(told, numeric=False), rows, [])
    return replace(table, notes=tuple(marks))


def results_table(told: VariantDifference) -> Table:
    """Mean and deviation of every metric, and the values seed by seed of those that the studies' tables show."""
    rows = []
    for each in told.metrics:
        means = [summary.mean for summary in each.summaries if summary.n]
        chosen = choose_format(each.metric.format, means)
        label = f"{each.metric.header} ({chosen.unit})" if chosen.unit else each.metric.header
        printed = replace(chosen, unit="")  # rows of different units stand below each other
        cells = [_mean(summary, printed, result.runs(each.metric.name))
                 for summary, result in zip(each.summaries, told.results, strict=True)]  # fmt: skip
        rows.append(Row(each.metric.name, label, (*cells, _difference(each.difference, printed))))
        if each.asked:
            rows += _seed_rows(each, printed)
    notes = ["Mean ± standard deviation over the complete trials. Difference: the second less the first."]
    return _table(told, "Results", "Metric", [*_sides(told), _difference_head()], rows, notes)


def _seed_rows(each: MetricDifference, printed: NumberFormat) -> list[Row]:
    rows = []
    for seed in sorted({seed for values in each.values for seed in values}):
        values = [found.get(seed) for found in each.values]
        cells = [Cell(value, NONE if value is None else printed.text(value)) for value in values]
        first, second = values
        change = Cell(None, NONE)
        if first is not None and second is not None:
            change = Cell(second - first, replace(printed, signed=True).text(second - first))
        rows.append(Row(f"{each.metric.name}/{seed}", f"· seed {seed}", (*cells, change)))
    return rows


def _mean(summary: Summary, printed: NumberFormat, runs: tuple[str, ...]) -> Cell:
    if not summary.n:
        return Cell(None, NONE)
    std = summary.std if summary.n > 1 else None
    return Cell(summary.mean, printed.text(summary.mean, std), std=std, n=summary.n, runs=runs)


def _difference(told: Comparison | None, printed: NumberFormat) -> Cell:
    if told is None:
        return Cell(None, NONE)
    std = None if math.isnan(told.std) else told.std
    return Cell(told.value, replace(printed, signed=True).text(told.value, std), std=std)


def _numbers(key: str, label: str, values: Sequence[int], printed: NumberFormat, ratio: Cell, group: str) -> Row:
    change = values[1] - values[0]
    cells = [Cell(value, printed.text(value)) for value in values]
    cells.append(Cell(change, replace(printed, signed=True).text(change) if change else NONE))
    return Row(key, label, (*cells, ratio), group=group)


def _sides(told: VariantDifference, *, numeric: bool = True) -> list[Head]:
    return [
        Head(key, side.name, "statistic" if numeric else "config", numeric=numeric)
        for key, side in zip(("first", "second"), told.sides, strict=True)
    ]


def _difference_head() -> Head:
    return Head("difference", "difference", "statistic")


def _table(
    told: VariantDifference,
    caption: str,
    row_header: str,
    heads: Sequence[Head],
    rows: Sequence[Row],
    notes: Sequence[str],
) -> Table:
    studies = list(dict.fromkeys(side.plan.expanded.study.name for side in told.sides))
    return Table(
        study="+".join(studies),
        title="",
        scale=", ".join(dict.fromkeys(side.plan.expanded.scale for side in told.sides)),
        caption=caption,
        label=f"tab:diff-{'-'.join(side.variant.id for side in told.sides)}-{caption.lower()}",
        row_header=row_header,
        columns=tuple(heads),
        rows=tuple(rows),
        notes=tuple(Note(text) for text in notes),
    )
