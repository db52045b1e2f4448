"""The teachers of distillation: which trial `distillation.teacher` names, fully resolved.

A teacher is a variant of a study beside this one, or of this one, at one of that study's seeds: the first, unless
another is named. It is trained as its own study says, at the scale of the launch. Of the command line, `data.*` and
`training.*` lie over it, too: they say what a launch learns from and how long it may take. Everything else there is for
the study that is run. A teacher that is a row of that study is that row, with the whole command line over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from search_space.designs import read_rows
from search_space.expand import Trial, Variant, expand_variant
from search_space.problems import InputError, Location, Problem, did_you_mean
from search_space.settings import read_overrides
from search_space.study import Study, read_study

KEY = "distillation.teacher"
SHARED_OVERRIDES = ("data.", "training.")
"""How the keys begin that the command line changes in teachers of other studies as well."""
_SAME = ("name", "resolution")  # of `data`: without them a teacher's heatmaps are not the student's


def find_teachers(
    study: Study, scale: str, overrides: Mapping[str, Any], variants: Iterable[Variant]
) -> dict[str, Trial]:
    """The teachers of some variants, and the teachers of these, by what `distillation.teacher` calls them.

    Args:
        study: the study that is run, to which the variants belong.
        scale: of the launch.
        overrides: the settings of the command line.
        variants: rows of the study, or points of a search. Their `origins` say where a problem stands.

    Raises:
        InputError: with every problem found: a study, variant or seed that does not exist, a circle, a teacher of
            another data set or resolution, a teacher whose own study has mistakes.
    """
    finder = _Finder(study, scale, overrides)
    for variant in variants:
        finder.find(variant, ((study.path.stem, variant.id),))
    if finder.problems:
        raise InputError(finder.problems)
    return finder.found


class _Finder:
    """What has been found so far, and every problem."""

    def __init__(self, study: Study, scale: str, overrides: Mapping[str, Any]) -> None:
        self.root, self.scale = study, scale
        self.overrides = read_overrides(overrides)
        self.shared = {key: each for key, each in self.overrides.items() if key.startswith(SHARED_OVERRIDES)}
        self.found: dict[str, Trial] = {}
        self.problems: dict[Problem, None] = {}

    def find(self, student: Variant, chain: tuple[tuple[str, str], ...]) -> None:
        """Find a student's teacher, and that one's. `chain` leads from the variant that is run to the student."""
        reference = student.config.distillation.teacher
        if reference is None:
            return
        where = student.origins.get(KEY, student.location)
        name, variant_id, *seed = reference.split("/")
        if (name, variant_id) in chain:
            first, *others = (
                "/".join(each) for each in (*chain[chain.index((name, variant_id)) :], (name, variant_id))
            )
            line = f"{first} learns from {', that from '.join(others)}"
            hint = f"set '{KEY}: null' in the variant that is to learn from annotations alone"
            self._add(where, f"the teachers go in a circle: {line}", hint)
            return
        if reference not in self.found:
            teacher = self._resolve(name, variant_id, int(seed[0]) if seed else None, where)
            if teacher is None:
                return
            self.found[reference] = teacher
        teacher = self.found[reference]
        self._compare(student, teacher, reference, where)
        self.find(teacher.variant, (*chain, (name, variant_id)))

    def _resolve(self, name: str, variant_id: str, seed: int | None, where: Location) -> Trial | None:
        """The trial of this name; None, and a problem, where there is none."""
        own = name == self.root.path.stem
        file = self.root.path.parent / f"{name}.yaml"
        if not own and not file.is_file():
            beside = [other.stem for other in sorted(file.parent.glob("*.yaml"))]
            self._add(where, f"there is no study '{name}' beside this one", did_you_mean(name, beside))
            return None
        try:
            study = self.root if own else read_study(file)
            if study.spec.design == "search":
                hint = "promote its best points to a study (`hglab promote`), and name one of those"
                self._add(where, f"the study '{name}' is a search, whose points are no variants", hint)
                return None
            ids = [row.id for row in read_rows(study, [])]
            if variant_id not in ids:
                what = f"the study '{name}' has no variant '{variant_id}'"
                self._add(where, what, did_you_mean(variant_id, ids))
                return None
            seeds = study.spec.seeds
            if seed is not None and seed not in seeds:
                hint = f"its seeds are {', '.join(map(str, seeds))}"
                self._add(where, f"the study '{name}' has no seed {seed}", hint)
                return None
            variant = expand_variant(study, variant_id, self.scale, self.overrides if own else self.shared)
        except InputError as error:
            self.problems |= dict.fromkeys(error.problems)
            return None
        chosen = seeds[0] if seed is None else seed
        return Trial(variant, chosen, variant.config.model_copy(update={"seed": chosen}))

    def _compare(self, student: Variant, teacher: Trial, reference: str, where: Location) -> None:
        """Refuse a teacher that sees other images than the student."""
        own, other = student.config.data, teacher.config.data
        for field in _SAME:
            needed, given = getattr(own, field), getattr(other, field)
            if needed != given:
                what = f"the teacher '{reference}' has data.{field} {given}, and '{student.id}' has {needed}"
                hint = f"give both the same, as with --set data.{field}={needed}"
                self._add(where, f"{what}: its heatmaps would be of other images", hint)

    def _add(self, where: Location, what: str, hint: str) -> None:
        self.problems[Problem(where, what, hint)] = None
