"""The scales: one study, three sizes. `scales.yaml` beside this file says what each costs."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

from search_space.problems import InputError, Problem, did_you_mean
from search_space.settings import Settings, read_settings
from search_space.yaml_loader import load_text

DEFAULT_SCALE = "laptop"


@functools.cache
def scales() -> Mapping[str, Settings]:
    """Every scale by its name, with its settings."""
    text = resources.files("search_space").joinpath("scales.yaml").read_text(encoding="utf-8")
    document = load_text(text, "scales.yaml")
    problems: list[Problem] = []
    found = {name: read_settings(document, (name,), problems) for name in document.data}
    if problems:
        raise InputError(problems)
    return MappingProxyType(found)


def scale_settings(name: str) -> Settings:
    """The settings of one scale.

    Raises:
        InputError: for a scale that does not exist.
    """
    if name not in scales():
        raise InputError.at(f"--scale {name}", f"unknown scale '{name}'", did_you_mean(name, scales()))
    return scales()[name]
