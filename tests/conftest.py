"""Fixtures shared by all rooms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from search_space import is_search, read_study
from tests.small import STUDY

# A busy machine is no falsifying example.
settings.register_profile("hglab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hglab")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images and annotations: $HGLAB_SHARED_DATA, else ../shared/data beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("HGLAB_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set HGLAB_SHARED_DATA to the folder that holds lsp_extended/ and mpii/")
    return folder


@pytest.fixture(scope="session")
def studies() -> list[Path]:
    """Every study of the project that compares variants."""
    return [path for path in _files() if not is_search(read_study(path))]


@pytest.fixture(scope="session")
def searches() -> list[Path]:
    """Every search of the project."""
    return [path for path in _files() if is_search(read_study(path))]


def _files() -> list[Path]:
    return sorted((Path(__file__).resolve().parents[1] / "studies").glob("*.yaml"))


@pytest.fixture
def small_study(tmp_path: Path) -> Path:
    """A study file of two variants and two seeds that trains in seconds."""
    path = tmp_path / "small.yaml"
    path.write_text(STUDY)
    return path
