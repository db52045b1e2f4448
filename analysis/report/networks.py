"""What the networks of a study cost, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.numbers import choose_format
from analysis.table_model import Cell, Head, Note, Row, Table
from search_space.metrics import METRICS

if TYPE_CHECKING:
    from runners.planning import Plan

_COUNTED = ("params", "binary_macs", "real_macs", "size_bytes")


def networks_table(plan: Plan) -> Table:
    """Parameters, binary and real multiply-accumulates and size of each variant's network. Known before training."""
    variants, study = plan.expanded.variants, plan.expanded.study
    columns, cells = [], []
    for name in _COUNTED:
        metric = METRICS[name]
        values = [getattr(plan.counts[variant.id], name) for variant in variants]
        printed = choose_format(metric.format, values)
        columns.append(
            Head(name, metric.header, "metric", metric=name, format=metric.format, better=metric.better, counted=True)
        )
        cells.append([Cell(value, printed.text(value)) for value in values])
    return Table(
        study=study.name,
        title=study.spec.title,
        scale=plan.expanded.scale,
        caption="What the networks cost",
        label=f"tab:{study.name}_networks",
        row_header="Variant",
        columns=tuple(columns),
        rows=tuple(
            Row(variant.id, variant.label, tuple(column[place] for column in cells), variant.baseline)
            for place, variant in enumerate(variants)
        ),
        notes=(Note("MACs: multiply-accumulates for one image. Size: as stored, a binary weight as one bit."),),
    )
