"""From a study to its trials: settings layered, conditions checked, variants that change nothing refused.

Layers, later over earlier: defaults, the scale, what the study changes in that scale, the study's `from`, its `base`,
the variant's `from`, the variant's `set`, the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search_space.conditions import contradictions, unmet
from search_space.config import TrialConfig
from search_space.designs import Row, no_rows, read_rows
from search_space.identity import canonical
from search_space.keys import assemble, flatten
from search_space.problems import InputError, Location, Problem, did_you_mean
from search_space.published import published_tables
from search_space.scales import DEFAULT_SCALE, scale_settings
from search_space.settings import Setting, Settings, read_settings, values
from search_space.study import Study, read_study
from search_space.table_spec import PaperColumn
from search_space.yaml_loader import NodePath

_DEEPEST_REFERENCE = 10


@dataclass(frozen=True)
class Variant:
    """A row of the table, resolved. `config` has seed 0; `settings` is what the row itself changes; `group` is the
    section of the table, a label only."""

    id: str
    label: str
    baseline: bool
    paper: str | None
    settings: Mapping[str, Any]
    config: TrialConfig
    location: Location
    group: str | None = None
    origins: Mapping[str, Location] = field(default_factory=dict)
    """Where the value of each key stands that a study, a scale or the command line sets."""


@dataclass(frozen=True)
class Trial:
    """A variant with a seed, fully resolved: what one run trains."""

    variant: Variant
    seed: int
    config: TrialConfig


@dataclass(frozen=True)
class ExpandedStudy:
    """A study at a scale: its variants, and its trials in the order in which they run (seed by seed)."""

    study: Study
    scale: str
    overrides: Mapping[str, Any]
    variants: tuple[Variant, ...]
    trials: tuple[Trial, ...]

    @property
    def baseline(self) -> Variant | None:
        """The variant that others are compared with, if the study names one."""
        return next((variant for variant in self.variants if variant.baseline), None)


def expand(study: Study, scale: str = DEFAULT_SCALE, overrides: Settings | None = None) -> ExpandedStudy:
    """All variants and trials of a study.

    Args:
        study: what `read_study` returned.
        scale: one of `search_space.scales.scales()`.
        overrides: settings of the command line (`read_overrides`), laid over everything.

    Raises:
        InputError: with every problem found: misspelt keys, values out of range, keys that mean nothing where they are
            set, variants that train the same network. For a search, which has no variants.
    """
    if study.spec.search is not None:
        raise InputError([no_rows(study)])
    overrides = overrides or {}
    problems: list[Problem] = []
    under, at_scale = settings_under(study, scale, problems)
    rows = read_rows(study, problems)
    problems += _paper_problems(study, rows) + _figure_problems(study, rows)
    if problems:
        raise InputError(problems)
    variants = [_resolve(study, row, under, overrides, problems) for row in rows]
    resolved = [variant for variant in variants if variant is not None]
    if len(resolved) == len(rows):
        problems += _idle_problems({**at_scale, **own_base(study), **overrides}, resolved)
    problems += _same_problems(resolved)
    if problems:
        raise InputError(problems)
    # Seed by seed, so that an interrupted study holds every variant before it holds a second seed of any.
    trials = tuple(
        Trial(variant, seed, variant.config.model_copy(update={"seed": seed}))
        for seed in study.spec.seeds
        for variant in resolved
    )
    return ExpandedStudy(study, scale, values(overrides), tuple(resolved), trials)


def expand_variant(study: Study, variant_id: str, scale: str, overrides: Settings) -> Variant:
    """One row of a study, as `expand` gives it, whatever is wrong with the other rows.

    Settings of `overrides` that mean nothing for this row do nothing: they are meant for others.

    Raises:
        InputError: with every problem of the study's settings and of the row.
        KeyError: for a row that the study does not have.
    """
    problems: list[Problem] = []
    under, _ = settings_under(study, scale, problems)
    rows = {row.id: row for row in read_rows(study, problems)}
    if problems:
        raise InputError(problems)
    variant = _resolve(study, rows[variant_id], under, overrides, problems)
    if variant is None or problems:
        raise InputError(problems)
    return variant


def settings_under(study: Study, scale: str, problems: list[Problem]) -> tuple[dict[str, Setting], dict[str, Setting]]:
    """What lies under every row of a study at a scale; and that part of it that the study says of the scale."""
    at_scales = {name: read_settings(study.document, ("scales", name), problems) for name in study.spec.scales}
    at_scale = at_scales.get(scale, {})
    return {**scale_settings(scale), **at_scale, **_base_settings(study, problems)}, at_scale


def own_base(study: Study) -> dict[str, Setting]:
    """What the study itself says in its `base`, without what it refers to."""
    return read_settings(study.document, ("base",), []) if study.spec.base else {}


def _base_settings(study: Study, problems: list[Problem], depth: int = 0) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    if study.spec.from_ is not None:
        where = study.document.value_location(("from",))
        settings |= _referred(study.path, study.spec.from_, where, problems, depth)
    if study.spec.base:
        settings |= read_settings(study.document, ("base",), problems)
    return settings


def _referred(path: Path, reference: str, where: Location, problems: list[Problem], depth: int) -> dict[str, Setting]:
    """The settings of another study's variant, `study/variant`. Studies are looked for beside the one that refers."""
    name, _, variant_id = reference.partition("/")
    other_path = path.parent / f"{name}.yaml"
    if depth >= _DEEPEST_REFERENCE:
        problems.append(Problem(where, f"'{reference}' refers in a circle", "let one study not refer to the other"))
        return {}
    if not other_path.is_file():
        beside = [other.stem for other in sorted(path.parent.glob("*.yaml"))]
        problems.append(Problem(where, f"there is no study '{name}' beside this one", did_you_mean(name, beside)))
        return {}
    try:
        other = read_study(other_path)
        inner: list[Problem] = []
        settings = _base_settings(other, inner, depth + 1)
        rows = read_rows(other, inner)
        if inner:
            raise InputError(inner)
    except InputError as error:
        problems += error.problems
        return {}
    row = next((row for row in rows if row.id == variant_id), None)
    if row is None:
        hint = did_you_mean(variant_id, [row.id for row in rows])
        problems.append(Problem(where, f"the study '{name}' has no variant '{variant_id}'", hint))
        return {}
    if row.from_ is not None:
        settings |= _referred(other_path, row.from_, row.location, problems, depth + 1)
    return {**settings, **row.settings}


def _paper_problems(study: Study, rows: list[Row]) -> list[Problem]:
    """Rows that name a row which the paper's table does not have."""
    problems: list[Problem] = []
    names = dict.fromkeys(column.paper for column in study.spec.table.columns if isinstance(column, PaperColumn))
    for table in (published_tables()[name] for name in names):
        for row in rows:
            if row.paper is not None and row.paper not in table.rows:
                what = f"{table.name} of the paper has no row '{row.paper}' (of '{row.id}')"
                problems.append(Problem(row.location, what, did_you_mean(row.paper, table.rows)))
    return problems


def _figure_problems(study: Study, rows: list[Row]) -> list[Problem]:
    """Figures of variants that the study does not have."""
    ids = [row.id for row in rows]
    figures = study.spec.figures
    problems = []
    for name in figures.named:
        given = figures.given(name).get("variants", ())
        listed = given and isinstance(study.document.data["figures"][name]["variants"], list)
        for index, variant in enumerate(given):
            if variant not in ids:
                path: NodePath = ("figures", name, "variants", *((index,) if listed else ()))
                what = f"the figure '{name}' is of '{variant}', which is no variant"
                problems.append(Problem(study.document.value_location(path), what, did_you_mean(variant, ids)))
    return problems


def _resolve(study: Study, row: Row, under: Settings, overrides: Settings, problems: list[Problem]) -> Variant | None:
    start = _referred(study.path, row.from_, row.location, problems, 0) if row.from_ else {}
    layers = {**under, **start, **row.settings, **overrides}
    config = assemble(values(layers))
    flat = flatten(config)
    found: list[Problem] = []
    for key, setting in row.settings.items():
        if (condition := unmet(key, flat)) is not None:
            what = f"{condition}, and in '{row.id}' {condition.found(flat)}"
            found.append(Problem(setting.key_location, what, f"remove '{key}' or set '{condition.needs}'"))
    for key, what in contradictions(flat):
        where = layers[key].value_location if key in layers else row.location
        found.append(Problem(where, f"{what} (in '{row.id}')"))
    problems += [problem for problem in found if problem not in problems]
    if found:
        return None
    origins = {key: setting.value_location for key, setting in layers.items()}
    own = values(row.settings)
    return Variant(row.id, row.label, row.baseline, row.paper, own, config, row.location, row.group, origins)


def _idle_problems(settings: Settings, variants: list[Variant]) -> list[Problem]:
    """Keys of the base or the command line that mean something in no variant."""
    problems = []
    for key, setting in settings.items():
        conditions = [unmet(key, flatten(variant.config)) for variant in variants]
        if conditions and all(conditions):
            problems.append(Problem(setting.key_location, f"{conditions[0]}, which is so in no variant", "remove it"))
    return problems


def _same_problems(variants: list[Variant]) -> list[Problem]:
    """Variants that would train the same trial as one before them."""
    problems = []
    first: dict[str, Variant] = {}
    for variant in sorted(variants, key=lambda variant: not variant.baseline):
        identity = canonical(variant.config, "", variant.config.distillation.teacher)
        if identity in first:
            other = first[identity]
            who = f"the baseline '{other.id}'" if other.baseline else f"'{other.id}'"
            what = f"'{variant.id}' trains the same network as {who}: nothing that it sets makes a difference"
            problems.append(Problem(variant.location, what, "change a value, or remove the variant"))
        first.setdefault(identity, variant)
    return problems
