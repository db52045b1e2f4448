"""`hglab validate`: is the study right?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import EXIT_BAD_INPUT, Data, DataRoot, Scale, Set, checked_root, guarded, show_input_error


@guarded
def validate(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY...", help="Studies, YAML files.", show_default=False)],
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
) -> None:
    """Check studies: keys, values, conditions, networks, tables. Every mistake at once; nothing is trained.

    Without --scale a study is checked at every scale; data on disk is looked at only with --data-root. Of a
    search, too, that its constraints leave something of its space.

    Example: hglab validate studies/*.yaml
    """
    from blocks.checks import check_model
    from cli.searches import checked_search, names_a_search
    from cli.studies import expanded_study, planned
    from search_space import InputError, Problem
    from search_space.scales import scales

    wrong = False
    for path in studies:
        problems: dict[Problem, None] = {}
        shape = ""
        for each in list(scales()) if scale is None else [scale]:
            try:
                if names_a_search(path):
                    shape = checked_search(path, each, data, settings, data_root)
                    continue
                expanded = expanded_study(path, each, data, settings)
                for variant in expanded.variants:
                    for what in check_model(variant.config.model, variant.config.data.resolution):
                        problems[
                            Problem(variant.location, f"at scale {each}, the network of '{variant.id}': {what}")
                        ] = None
                if checked_root(data_root) is not None:
                    planned(path, each, data, settings, data_root)
                shape = f"{len(expanded.variants)} variants, {len(expanded.trials)} trials"
            except InputError as error:
                problems |= dict.fromkeys(error.problems)
        if problems:
            wrong = True
            show_input_error(InputError(problems))
        else:
            typer.echo(f"{path}: right, {shape}")
    if wrong:
        raise typer.Exit(EXIT_BAD_INPUT)
