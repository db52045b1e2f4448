"""`hglab diff`: what two variants differ in, side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Runs, Scale, Set, TrackingUri, guarded

if TYPE_CHECKING:
    from analysis.variant_difference import NetworkFacts, Side, VariantDifference
    from runners.job import Places


class DiffFormat(StrEnum):
    """What a difference can be printed as."""

    terminal = "terminal"
    markdown = "markdown"
    json = "json"


@guarded
def diff(
    first: Annotated[
        Path, typer.Argument(metavar="STUDY", help="The study; or STUDY/VARIANT, the first.", show_default=False)
    ],
    second: Annotated[
        Path, typer.Argument(metavar="A", help="Its first variant; or STUDY/VARIANT, the second.", show_default=False)
    ],
    third: Annotated[str | None, typer.Argument(metavar="B", help="Its second variant.", show_default=False)] = None,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    shown_as: Annotated[DiffFormat, typer.Option("--format", help="How to print it.")] = DiffFormat.terminal,
) -> None:
    """Show what two variants differ in: configuration, network, and what came out of their trials.

    Differences are the second's number less the first's. Without --scale, --data or --set it is about the studies'
    last launches.

    Example: hglab diff studies/quickstart.yaml bottleneck hierarchical

    Example: hglab diff studies/table2_blocks.yaml/hierarchical studies/table4_recipe.yaml/final
    """
    from runners.job import Places
    from runners.record.reading import read_trials

    places = Places.below(runs, tracking_uri, data_root)
    sides = _sides(_references(first, second, third), scale, data, settings, data_root, places)
    from analysis.variant_difference import compare_sides

    told = compare_sides(*sides, _networks(sides), read_trials(places.uri))
    if shown_as is DiffFormat.json:
        typer.echo(json.dumps(_as_object(told), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(told, markdown=shown_as is DiffFormat.markdown)


def _references(first: Path, second: Path, third: str | None) -> tuple[tuple[Path, str], tuple[Path, str]]:
    """The two variants that were asked for, each with its study's file. Raises InputError."""
    from cli.inspect import split_variant
    from search_space import InputError

    if third is not None:
        return (first, str(second)), (first, third)
    found: list[tuple[Path, str]] = []
    for reference in (first, second):
        path, variant = split_variant(reference)
        if variant is None:
            what = "names no variant" if reference.is_file() else "is neither STUDY/VARIANT nor followed by a second"
            raise InputError.at(str(reference), what, "as in: hglab diff STUDY A B, hglab diff STUDY/A STUDY/B")
        found.append((path, variant))
    return found[0], found[1]


def _sides(
    references: tuple[tuple[Path, str], tuple[Path, str]],
    scale: str | None,
    data: str | None,
    settings: Sequence[str] | None,
    data_root: Path | None,
    places: Places,
) -> tuple[Side, Side]:
    """The two variants with their plans. Raises InputError, for one variant twice as well."""
    from analysis.variant_difference import Side
    from cli.studies import planned_as_launched_all
    from search_space import InputError, Location, Problem
    from search_space.problems import did_you_mean

    paths = {path.resolve(): path for path, _ in references}
    plans = dict(
        zip(
            paths,
            planned_as_launched_all(list(paths.values()), scale, data, settings, data_root, places),
            strict=True,
        )
    )
    problems, sides = [], []
    for path, name in references:
        plan = plans[path.resolve()]
        variant = next((each for each in plan.expanded.variants if each.id == name), None)
        if variant is None:
            hint = did_you_mean(name, [each.id for each in plan.expanded.variants])
            problems.append(Problem(Location(f"{path}/{name}"), f"the study has no variant '{name}'", hint))
            continue
        shown = name if len(paths) == 1 else f"{plan.expanded.study.name}/{name}"
        sides.append(Side(shown, plan, variant))
    if problems:
        raise InputError(problems)
    if len(paths) == 1 and references[0][1] == references[1][1]:
        path, name = references[0]
        raise InputError.at(f"{path}/{name}", "the same variant twice differs in nothing", "name two variants")
    return sides[0], sides[1]


def _networks(sides: tuple[Side, Side]) -> tuple[NetworkFacts, NetworkFacts]:
    from cli.networks import network_facts

    models = [side.variant.config.model for side in sides]
    first = network_facts(models[0])
    return first, first if models[0] == models[1] else network_facts(models[1])


def _print(told: VariantDifference, *, markdown: bool) -> None:
    from rich.console import Console

    from analysis.difference_tables import remarks, to_tables
    from analysis.render import render, terminal

    heading, lines = _heading(told), remarks(told)
    tables = to_tables(told)
    if markdown:
        from analysis.render.markdown import escape

        blocks = [f"# {escape(heading)}", *map(escape, lines)]
        blocks += [render(table, "markdown").strip() for table in tables]
        typer.echo("\n\n".join(blocks))
        return
    console = Console(highlight=False)
    console.print(heading, style="bold", markup=False, soft_wrap=True)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
    for table in tables:
        console.print()
        terminal.print_table(table, console)


def _heading(told: VariantDifference) -> str:
    first, second = told.sides
    return f"{first.name} and {second.name}: {first.variant.label} | {second.variant.label}"


def _as_object(told: VariantDifference) -> dict[str, Any]:
    """The difference for scripts. Pairs are lists of first and second; numbers are in base units."""
    from dataclasses import asdict

    first, second = told.sides
    return {
        "variants": [
            {
                "study": side.plan.expanded.study.name,
                "id": side.variant.id,
                "label": side.variant.label,
                "scale": side.plan.expanded.scale,
                "data_version": side.plan.data_versions[side.variant.config.data.name],
            }
            for side in told.sides
        ],
        "same_trials": told.same_trials,
        "configuration": [
            {"key": each.key, "values": list(each.values), "active": list(each.active)} for each in told.configuration
        ],
        "network": [
            {**asdict(side.counts), **asdict(facts)} for side, facts in zip((first, second), told.networks, strict=True)
        ],
        "trials": [
            [
                {"seed": trial.seed, "state": trial.state, "run": trial.run_id, "error": trial.error}
                for trial in result.trials
            ]
            for result in told.results
        ],
        "metrics": [
            {
                "metric": each.metric.name,
                "means": [summary.mean if summary.n else None for summary in each.summaries],
                "stds": [summary.std if summary.n > 1 else None for summary in each.summaries],
                "values": [{str(seed): value for seed, value in values.items()} for values in each.values],
                "difference": each.difference.value if each.difference else None,
                "difference_std": _known(each.difference.std) if each.difference else None,
            }
            for each in told.metrics
        ],
    }


def _known(value: float) -> float | None:
    return None if value != value else value
