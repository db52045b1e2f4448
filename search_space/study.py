"""A study: a question in a YAML file. Reading one, with every mistake of the file collected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from search_space.config import Section
from search_space.figure_spec import FIGURE_OPTIONS, FiguresSpec
from search_space.problems import InputError, Problem, did_you_mean
from search_space.published import published_tables
from search_space.scales import scales
from search_space.search_spec import SearchSpec, search_model
from search_space.settings import read_settings
from search_space.table_spec import DeltaColumn, GroupName, PaperColumn, RatioColumn, TableSpec, column_model, scattered
from search_space.yaml_loader import Document, NodePath, load_file


def _no_experiment_of_mlflow(name: str) -> str:
    if name == "Default":
        raise ValueError("'Default' is MLflow's own experiment; give the study another name")
    return name


StudyName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=80), AfterValidator(_no_experiment_of_mlflow)
]
VariantId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.=,+-]*$", max_length=120)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9_.=,+-]*$")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]

_NAME_HINTS = {
    "study": "use letters, digits, - and _",
    "id": "use letters, digits and any of _ . = , + -",
    "from": "write STUDY/VARIANT, as in table2_blocks/hierarchical",
}

DESIGNS = ("variants", "grid", "one_factor_at_a_time", "leave_one_out", "search")


class VariantSpec(Section):
    """A row of the table, and what it changes in the base."""

    id: VariantId
    label: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    from_: Reference | None = Field(None, alias="from")
    baseline: bool = False
    paper: str | None = None
    group: GroupName | None = None


class LevelSpec(Section):
    """A value of a factor that is called by more than its value."""

    value: Any
    id: VariantId | None = None
    label: str | None = None
    paper: str | None = None
    group: GroupName | None = None


class BaselineSpec(Section):
    """How the baseline row of a design that makes its own is called."""

    id: VariantId = "base"
    label: str | None = None
    paper: str | None = None
    group: GroupName | None = None


class StudySpec(Section):
    """The contents of a study file."""

    study: StudyName
    title: str = ""
    from_: Reference | None = Field(None, alias="from")
    base: dict[str, Any] = Field(default_factory=dict)
    scales: dict[str, dict[str, Any]] = Field(default_factory=dict)
    seeds: Annotated[tuple[Seed, ...], Field(strict=False, min_length=1)] = (0,)
    variants: Annotated[tuple[VariantSpec, ...], Field(strict=False, min_length=1)] | None = None
    grid: Annotated[dict[str, list[Any]], Field(min_length=1)] | None = None
    one_factor_at_a_time: Annotated[dict[str, list[Any]], Field(min_length=1)] | None = None
    leave_one_out: Annotated[dict[str, Any], Field(min_length=1)] | None = None
    search: SearchSpec | None = None
    baseline: VariantId | BaselineSpec | None = None
    table: TableSpec = TableSpec()
    figures: FiguresSpec = FiguresSpec()

    @property
    def design(self) -> str:
        """Which of `DESIGNS` the study uses."""
        return next(design for design in DESIGNS if getattr(self, design) is not None)


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


def problem_of(details: Any, document: Document, root: NodePath = (), model: type[BaseModel] = StudySpec) -> Problem:
    """A pydantic error as a problem with its place in the file; `root` is where the `model` stands."""
    data = document.data
    for part in root:
        data = data[part]
    inner = _path_in_file(details["loc"], data)
    path = (*root, *inner)
    leaf = str(details["loc"][-1])
    kind = details["type"]
    if kind == "extra_forbidden":
        known = _known_keys(inner, data) if model is StudySpec else list(model.model_fields)
        return Problem(document.key_location(path), f"unknown key '{leaf}'", did_you_mean(leaf, known))
    if kind == "missing":
        return Problem(document.value_location(path), f"the key '{leaf}' is missing")
    message = details["msg"].removeprefix("Value error, ")
    if kind in ("model_type", "dict_type"):
        message = "Input should be a mapping of keys"
    what, _, hint = message.partition("; ")
    name = next((part for part in reversed(path) if isinstance(part, str)), None)
    if kind == "string_pattern_mismatch":
        what = f"'{name}': {details['input']!r} is not a name"
        return Problem(document.value_location(path), what, _NAME_HINTS.get(name or "", _NAME_HINTS["id"]))
    if kind not in ("value_error", "column_kind"):
        found = "" if kind == "too_short" else f", not {details['input']!r}"
        what = f"'{name}': {what[0].lower()}{what[1:]}{found}" if name else what
    return Problem(document.value_location(path), what, hint or None)


def _path_in_file(loc: tuple[str | int, ...], data: Any) -> NodePath:
    """The part of a pydantic location that exists in the file: names of union members are left out."""
    path: list[str | int] = []
    for position, part in enumerate(loc):
        in_union = position >= 2 and loc[position - 2] == "columns" and isinstance(loc[position - 1], int)
        if in_union:
            continue
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            continue
        path.append(part)
    return tuple(path)


def _known_keys(path: NodePath, data: Any) -> list[str]:
    model: type[BaseModel] = StudySpec
    parent = path[:-1]
    if parent[:1] == ("variants",):
        model = VariantSpec
    elif parent[:1] == ("baseline",):
        model = BaselineSpec
    elif parent[:2] == ("table", "columns"):
        model = column_model(data["table"]["columns"][parent[2]])
    elif parent[:1] == ("table",):
        model = TableSpec
    elif parent[:1] == ("search",):
        model = search_model(parent)
    elif parent[:1] == ("figures",):
        model = FiguresSpec if len(parent) == 1 else FIGURE_OPTIONS[str(parent[1])]
    return [field.alias or name for name, field in model.model_fields.items()]
