"""`hglab inspect`: a study's networks as tables and diagrams, read off the built modules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.networks import built_parts
from cli.options import DEFAULT_RUNS, Data, Format, Runs, Scale, Set, ShownAs, Storage, TrackingUri, guarded

if TYPE_CHECKING:
    from blocks.parts import Parts
    from search_space import ExpandedStudy, Variant

_STUDY_SUFFIXES = (".yaml", ".yml")


@guarded
def inspect(
    study: Annotated[
        Path,
        typer.Argument(metavar="STUDY[/VARIANT]", help="The study, or one of its variants.", show_default=False),
    ],
    scale: Scale = None,
    data: Data = None,
    settings: Set = None,
    layers: Annotated[bool, typer.Option("--layers", help="A row for every layer, not for every block.")] = False,
    diagram: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Draw the variant's block: FILE.svg, .png or .pdf; repeatable.", show_default=False
        ),
    ] = None,
    block: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE", help="Draw this module, say stem.block1.", show_default="the first block of the hourglass"
        ),
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    storage: Storage = None,
    shown_as: Format = ShownAs.terminal,
) -> None:
    """Show a network as a table and draw its block as a diagram, from the module as it is built. Trains nothing.

    Without a variant: the sizes of all of the study's networks. Of a search: of its first points and its best; a point
    is called by its number (STUDY/p12), a first point by its place (STUDY/first1).

    Example: hglab inspect studies/table2_blocks.yaml/hierarchical --scale paper --diagram block.svg

    Example: hglab inspect studies/search_blocks.yaml/p12 --diagram block.svg
    """
    from cli.inspection import print_network, print_networks
    from cli.searches import names_a_search, search_as_launched
    from cli.studies import expanded_study

    path, variant_id = split_variant(study)
    also: dict[str, str] = {}
    if names_a_search(path):
        from cli.inspect_search import search_networks
        from runners.job import Places

        places = Places.below(runs, tracking_uri)
        search = search_as_launched(path, scale, data, settings, places)
        expanded, also = search_networks(search, path, places, storage, variant_id)
    else:
        expanded = expanded_study(path, scale, data, settings)
    variants = _chosen(expanded, path, variant_id)
    _check_options(study, variant_id, layers, diagram or [], block)
    if variant_id is None:
        networks = _overview(expanded, variants, also)
        if shown_as is ShownAs.json:
            typer.echo(json.dumps(networks, indent=2))
        else:
            print_networks(expanded, networks, path)
        return
    (variant,) = variants
    parts = built_parts(variant.config.model, variant.config.data.resolution, layers=layers)
    for file in diagram or []:
        _draw(parts, variant, block, file)
    if shown_as is ShownAs.json:
        typer.echo(json.dumps(_network(expanded, variant, parts), indent=2))
    else:
        print_network(expanded, variant, parts)


def split_variant(study: Path) -> tuple[Path, str | None]:
    """The study's file and the variant that follows it, if one does: `table2_blocks.yaml/hierarchical`.

    >>> split_variant(Path("studies/table2_blocks.yaml/hierarchical"))[1]
    'hierarchical'
    """
    if not study.is_file() and (study.parent.is_file() or study.parent.suffix in _STUDY_SUFFIXES):
        return study.parent, study.name
    return study, None


def _chosen(expanded: ExpandedStudy, path: Path, variant_id: str | None) -> tuple[Variant, ...]:
    """The variants asked for, each of which can be built. Raises InputError."""
    from blocks.checks import check_model
    from search_space import InputError, Problem
    from search_space.problems import did_you_mean

    variants = expanded.variants
    if variant_id is not None:
        variants = tuple(variant for variant in variants if variant.id == variant_id)
        if not variants:
            known = [variant.id for variant in expanded.variants]
            raise InputError.at(
                f"{path}/{variant_id}", f"the study has no variant '{variant_id}'", did_you_mean(variant_id, known)
            )
    problems = [
        Problem(variant.location, f"the network of '{variant.id}' cannot be built: {what}")
        for variant in variants
        for what in check_model(variant.config.model, variant.config.data.resolution)
    ]
    if problems:
        raise InputError(problems)
    return variants


def _check_options(study: Path, variant_id: str | None, layers: bool, files: list[Path], block: str | None) -> None:
    from search_space import InputError, Location, Problem

    problems = []
    given = {"--layers": layers, "--diagram": bool(files), "--block": block is not None}
    if variant_id is None and any(given.values()):
        option = next(name for name, is_given in given.items() if is_given)
        problems.append(Problem(Location(option), "is for one network", f"name a variant: {study}/VARIANT"))
    elif block is not None and not files:
        what = "says what --diagram draws, and there is no --diagram"
        problems.append(Problem(Location(f"--block {block}"), what, "add --diagram FILE.svg"))
    for file in files:
        if file.suffix.lower() not in (".svg", ".png", ".pdf"):
            what = "a diagram is an .svg, .png or .pdf file"
            problems.append(Problem(Location(f"--diagram {file}"), what, "let the file's name end so"))
    if problems:
        raise InputError(problems)


def _overview(expanded: ExpandedStudy, variants: tuple[Variant, ...], also: dict[str, str]) -> dict[str, Any]:
    """The networks' sizes; `also` has second names, by the first ones."""
    from blocks.parts import hourglass_block
    from blocks.receptive_field import receptive_field

    seen: dict[tuple[str, int], Parts] = {}  # many variants of a study train the same network otherwise
    rows = []
    for variant in variants:
        resolution = variant.config.data.resolution
        key = variant.config.model.model_dump_json(), resolution
        parts = seen[key] = seen[key] if key in seen else built_parts(variant.config.model, resolution)
        name = hourglass_block(parts.network)
        rows.append(
            {
                "id": variant.id,
                **({"also": also[variant.id]} if variant.id in also else {}),
                "label": variant.label,
                "baseline": variant.baseline,
                "resolution": resolution,
                **_costs(parts.total),
                "block": name,
                "block_receptive_field": receptive_field(parts.trace.part(name), name),
                "receptive_field": parts.receptive_field,
            }
        )
    return {"study": expanded.study.name, "scale": expanded.scale, "variants": rows}


def _network(expanded: ExpandedStudy, variant: Variant, parts: Parts) -> dict[str, Any]:
    rows = [
        {
            "name": part.name,
            "what": part.what,
            "shape": [part.channels, part.side, part.side],
            **_costs(part.counts),
            "receptive_field": part.receptive_field,
        }
        for part in parts.parts
    ]
    return {
        "study": expanded.study.name,
        "scale": expanded.scale,
        "id": variant.id,
        "label": variant.label,
        "resolution": variant.config.data.resolution,
        "parts": rows,
        "total": {**_costs(parts.total), "receptive_field": parts.receptive_field},
    }


def _costs(counts: Any) -> dict[str, int]:
    from dataclasses import asdict

    return asdict(counts)


def _draw(parts: Parts, variant: Variant, block: str | None, file: Path) -> None:
    from blocks.count import count_layers
    from blocks.diagram.drawing import draw_diagram
    from blocks.diagram.graph import module_diagram
    from blocks.measure import measure_layers
    from blocks.parts import hourglass_block
    from blocks.receptive_field import receptive_field
    from blocks.trace import is_within
    from search_space import InputError
    from search_space.problems import did_you_mean

    name = hourglass_block(parts.network) if block is None else block
    try:
        if not name:
            raise KeyError(name)
        graph = module_diagram(parts.network, parts.trace, name)
    except KeyError:
        known = sorted({step.module.partition(".units")[0] for step in parts.trace.operations if step.module})
        hint = did_you_mean(name, known)
        raise InputError.at(f"--block {name}", "the network has no such module", hint) from None
    layers = measure_layers(parts.network, variant.config.data.resolution)
    params = count_layers(layer for layer in layers if is_within(layer.name, name)).params
    field = receptive_field(parts.trace.part(name), name)
    subtitle = f"{name}: {params:,} parameters, receptive field {field}×{field}"
    try:
        draw_diagram(graph, variant.label, subtitle, file)
    except OSError as error:
        raise InputError.at(f"--diagram {file}", f"cannot be written ({error.strerror})") from None
    typer.echo(f"wrote {file}", err=True)
