"""A study: a question in a YAML file. Reading one, with every mistake of the file collected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from search_space.problems import InputError, Problem, did_you_mean
from search_space.published import published_tables
from search_space.scales import scales
from search_space.search_spec import EXAMPLES
from search_space.settings import read_settings
from search_space.shape import problem_of
from search_space.study_spec import DESIGNS, StudySpec
from search_space.table_spec import DeltaColumn, PaperColumn, RatioColumn, scattered
from search_space.yaml_loader import Document, NodePath, load_file

_CONTENTS = {
    "variants": "variants: [{id: a}, {id: b, set: {model.relu: true}}]",
    "grid": "grid: {model.relu: [false, true]}",
    "one_factor_at_a_time": "one_factor_at_a_time: {model.relu: [true]}",
    "leave_one_out": "leave_one_out: {model.relu: true}",
    "search": EXAMPLES[("search",)],
}
"""An example of each of `DESIGNS`."""


@dataclass(frozen=True)
class Study:
    """A study that has been read."""

    spec: StudySpec
    document: Document
    path: Path

    @property
    def name(self) -> str:
        """The study's name, also that of its MLflow experiment."""
        return self.spec.study


def read_study(path: Path | str) -> Study:
    """Read a study file.

    Raises:
        InputError: with every problem of the file's structure.
    """
    path = Path(path)
    document = load_file(path)
    if document.data is None:
        raise InputError.at(str(path), "the study is empty", "write at least `study:` and `variants:`")
    if not isinstance(document.data, dict):
        raise InputError(
            [Problem(document.value_location(()), "a study is a mapping of keys", "as in `study: my_study`")]
        )
    problems: list[Problem] = []
    spec: StudySpec | None = None
    try:
        spec = StudySpec.model_validate(document.data)
    except ValidationError as error:
        # A list with a wrong item is reported as too short as well: the item says it.
        wrong = [details for details in error.errors() if details["type"] != "too_short" or not details["input"]]
        problems += [problem_of(details, document) for details in wrong]
    problems += _design_problems(document)
    problems += _scale_problems(document)
    if spec is not None and not problems:
        problems += _table_problems(spec, document)
    elif problems:  # `expand` will not come to the settings, so say here what is wrong with them
        problems += _settings_problems(document)
    if problems or spec is None:
        raise InputError(problems)
    return Study(spec, document, path)


def _settings_problems(document: Document) -> list[Problem]:
    problems: list[Problem] = []
    variants = document.data.get("variants")
    listed = enumerate(variants if isinstance(variants, list) else [])
    sets = [
        ("variants", index, "set")
        for index, item in listed
        if isinstance(item, dict) and isinstance(item.get("set"), dict)
    ]
    base: list[NodePath] = [("base",)] if isinstance(document.data.get("base"), dict) else []
    given = document.data.get("scales")
    named = given.items() if isinstance(given, dict) else ()
    at_scale: list[NodePath] = [("scales", name) for name, settings in named if isinstance(settings, dict)]
    for path in (*base, *at_scale, *sets):
        read_settings(document, path, problems)
    return problems


def _scale_problems(document: Document) -> list[Problem]:
    """Names in `scales:` that are no scale."""
    given = document.data.get("scales")
    names = given if isinstance(given, dict) else {}
    return [
        Problem(document.key_location(("scales", name)), f"unknown scale '{name}'", did_you_mean(str(name), scales()))
        for name in names
        if name not in scales()
    ]


def _design_problems(document: Document) -> list[Problem]:
    given = [design for design in DESIGNS if document.data.get(design) is not None]
    empty = next((design for design in DESIGNS if design in document.data), None)
    if not given and empty is not None:
        what = f"the study compares nothing: '{empty}' has no contents"
        return [Problem(document.key_location((empty,)), what, f"as in {_CONTENTS[empty]}")]
    if not given:
        hint = f"add one of {', '.join(DESIGNS)}"
        return [Problem(document.value_location(()), "the study compares nothing: it has no design", hint)]
    if len(given) > 1:
        what = f"a study has one design, this one has {' and '.join(given)}"
        return [Problem(document.key_location((given[1],)), what, "make two studies of it")]
    return []


def _table_problems(spec: StudySpec, document: Document) -> list[Problem]:
    problems: list[Problem] = []
    seeds = document.data.get("seeds", [])
    for index, seed in enumerate(seeds):
        if seed in seeds[:index]:
            problems.append(
                Problem(document.value_location(("seeds", index)), f"the seed {seed} stands twice", "remove one")
            )
    has_baseline = spec.design in ("one_factor_at_a_time", "leave_one_out", "search") or spec.baseline is not None
    has_baseline = has_baseline or any(variant.baseline for variant in spec.variants or ())
    for index, column in enumerate(spec.table.columns):
        where: NodePath = ("table", "columns", index)
        kind = "delta" if isinstance(column, DeltaColumn) else "ratio"
        if (
            isinstance(column, DeltaColumn | RatioColumn)
            and not has_baseline
            and "columns" in document.data.get("table", {})
        ):
            problems.append(
                Problem(
                    document.value_location(where),
                    f"a {kind} column needs a baseline, and no variant is one",
                    "write `baseline: true` at one variant",
                )
            )
        if isinstance(column, PaperColumn):
            problems += _paper_problems(column, where, document)
    for index in scattered([column.group for column in spec.table.columns]):
        what = f"the group '{spec.table.columns[index].group}' comes back: its columns are not neighbours"
        place = document.value_location(("table", "columns", index, "group"))
        problems.append(Problem(place, what, "move the column to the others of its group"))
    return problems


def _paper_problems(column: PaperColumn, where: NodePath, document: Document) -> list[Problem]:
    tables = published_tables()
    if column.paper not in tables:
        what = f"the paper has no '{column.paper}'"
        return [Problem(document.value_location((*where, "paper")), what, did_you_mean(column.paper, tables))]
    table = tables[column.paper]
    if column.column not in table.columns:
        what = f"{column.paper} of the paper has no column '{column.column}'"
        return [Problem(document.value_location((*where, "column")), what, did_you_mean(column.column, table.columns))]
    return []
