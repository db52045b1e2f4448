"""Trained networks for the figures that look inside of them, and the validation images that they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.absent import Lack, complete_trials
from analysis.figures.material import Material
from search_space.problems import InputError

if TYPE_CHECKING:
    from blocks.network import HourglassNetwork
    from runners.planning import PlannedTrial
    from search_space import Variant
    from tasks.pose import Split


@dataclass(frozen=True)
class Trained:
    """A complete trial with its trained network, on the CPU, in evaluation mode."""

    trial: PlannedTrial
    network: HourglassNetwork


def complete_with_weights(
    material: Material, variants: Sequence[Variant], seed: int | None = None
) -> tuple[dict[str, list[PlannedTrial]], list[Lack]]:
    """The complete trials of these variants whose weights are there, by variant; and a word on each of the others.

    Args:
        material: the plan and the record.
        variants: whose.
        seed: only this one; None: all.

    Raises:
        InputError: for a seed that the study does not have.
    """
    seeds = material.plan.expanded.study.spec.seeds
    if seed is not None and seed not in seeds:
        known = ", ".join(map(str, seeds))
        raise InputError.at(f"--option seed={seed}", f"the study has no seed {seed}", f"its seeds: {known}")
    complete, lacks = complete_trials(material, variants)
    there: dict[str, list[PlannedTrial]] = {}
    for variant in variants:
        for result in complete.get(variant.id, ()):
            trial = material.by_name[variant.id, result.seed]
            path = material.places.weights(trial.fingerprint)
            if path.is_file():
                there.setdefault(variant.id, []).append(trial)
            else:
                why = f"its weights are not in {path.parents[1]}, because it was trained elsewhere or they were removed"
                lacks.append(Lack(variant.label, result.seed, why))
    if seed is None:
        return there, lacks
    chosen = {name: [trial for trial in trials if trial.seed == seed] for name, trials in there.items()}
    return {name: trials for name, trials in chosen.items() if trials}, [each for each in lacks if each.seed == seed]


def open_trained(material: Material, trial: PlannedTrial) -> Trained:
    """A trial's network with its weights.

    Raises:
        InputError: for weights that are damaged or of another network.
    """
    from runners.checkpoint import CheckpointError
    from runners.trained import trained_network

    path = material.places.weights(trial.fingerprint)
    try:
        return Trained(trial, trained_network(trial.config, path))
    except CheckpointError as error:
        what, _, hint = str(error).removeprefix(f"{path}, ").partition(": ")
        raise InputError.at(str(path), what, hint or "train that trial again: `hglab run STUDY --fresh`") from None


def open_images(material: Material, trial: PlannedTrial) -> Split:
    """The validation images of a trial, from the cache of crops where it holds them.

    Raises:
        InputError: for data that is not there, or not what the trial was trained on.
    """
    from tasks.errors import DataError
    from tasks.pose import open_validation
    from tasks.version import data_version

    places, data = material.places, trial.config.data
    try:
        if places.data_root is None and data.name != "synthetic":  # the cache may hold them
            return open_validation(data, None, places.cache, trial.data_version)
        version = data_version(data, places.data_root)
        if version != trial.data_version:
            what = f"the data there is not what {trial.name} was trained on ({version}, not {trial.data_version})"
            raise InputError.at("--data-root", what, "give the folder with the data of the record")
        return open_validation(data, places.data_root, places.cache)
    except DataError as error:
        raise InputError.at("--data-root", str(error)) from None


def spread_over(names: Sequence[str], count: int) -> list[str]:
    """So many of these names at most, evenly from the first to the last.

    >>> spread_over(["a", "b", "c", "d", "e"], 3)
    ['a', 'c', 'e']
    """
    if len(names) <= count:
        return list(names)
    return [names[round(place * (len(names) - 1) / (count - 1))] for place in range(count)] if count > 1 else [names[0]]
