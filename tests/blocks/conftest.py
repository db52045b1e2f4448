"""Fixtures and strategies of the tests of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from search_space.config import BlockConfig, ModelConfig

MakeModel = Callable[..., ModelConfig]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The machine is shared, and sums over one thread are the same every time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def make_model() -> MakeModel:
    """ModelConfig from flat keys: those of the block begin with `block_`; `tiny=True` starts from a small network."""

    def make(tiny: bool = False, **keys: Any) -> ModelConfig:
        block = {key.removeprefix("block_"): value for key, value in keys.items() if key.startswith("block_")}
        model = {key: value for key, value in keys.items() if not key.startswith("block_")}
        if tiny:
            model = {"features": 16, "stem_features": 8, "order": 2, **model}
        return ModelConfig(block=BlockConfig(**block), **model)

    return make
