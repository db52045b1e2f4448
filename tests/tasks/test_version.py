from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from search_space.config import DataConfig
from tasks.errors import DataError
from tasks.synthetic import SYNTHETIC_VERSION
from tasks.version import data_version

LSP, MPII = DataConfig(name="lsp"), DataConfig(name="mpii")


def test_synthetic() -> None:
    assert data_version(DataConfig(), None) == f"synthetic-{SYNTHETIC_VERSION}"


def test_full_digest_wherever_it_lies(write_lsp: Callable[..., Path], tmp_path: Path) -> None:
    root = write_lsp()
    version = data_version(LSP, root)
    assert re.fullmatch("lsp-[0-9a-f]{64}", version)
    root.rename(tmp_path / "elsewhere")
    assert data_version(LSP, tmp_path / "elsewhere") == version
    assert data_version(LSP.model_copy(update={"resolution": 64, "train_images": 3}), tmp_path / "elsewhere") == version


def _append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


@pytest.mark.parametrize(
    "change",
    [
        lambda root: _append(root / "joints.mat"),
        lambda root: _append(root / "images/im00003.jpg"),
        lambda root: (root / "images/im00003.jpg").unlink(),
        lambda root: (root / "images/im00003.jpg").rename(root / "images/im00099.jpg"),
        lambda root: (root / "images/im00099.png").write_bytes(b"x"),
    ],
)
def test_any_change_of_the_data_changes_it(write_lsp: Callable[..., Path], change: Callable[[Path], object]) -> None:
    root = write_lsp()
    before = data_version(LSP, root)
    change(root)
    assert data_version(LSP, root) != before


def test_other_files_do_not_change_it(write_lsp: Callable[..., Path]) -> None:
    root = write_lsp()
    before = data_version(LSP, root)
    (root / "images/.DS_Store").write_bytes(b"x")
    (root / "notes.txt").write_text("x")
    assert data_version(LSP, root) == before


def test_images_need_not_decode(write_lsp: Callable[..., Path]) -> None:
    root = write_lsp()
    (root / "images/im00001.jpg").write_bytes(b"no")
    data_version(LSP, root)


def test_mpii_covers_both_splits_and_the_head_sizes(write_mpii: Callable[..., Path]) -> None:
    root = write_mpii()
    versions = [data_version(MPII, root)]
    for name in ("train.json", "valid.json"):
        _append(root / "annot" / name)
        versions.append(data_version(MPII, root))
    (root / "annot/gt_valid.mat").write_bytes(b"heads")
    versions.append(data_version(MPII, root))
    assert len(set(versions)) == 4


@pytest.mark.parametrize(
    ("data", "root", "message"),
    [
        (LSP, None, "data.name is 'lsp' but no data folder is given: name it with --data-root"),
        (MPII, None, "data.name is 'mpii'"),
        (LSP, "nowhere", "nowhere does not exist"),
        (LSP, "file", "file is not a folder"),
        (LSP, ".", "no joints.mat"),
        (MPII, ".", "no annotations of the train split"),
    ],
)
def test_bad_root(tmp_path: Path, data: DataConfig, root: str | None, message: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=message):
        data_version(data, None if root is None else tmp_path / root)


def test_no_images(write_lsp: Callable[..., Path]) -> None:
    root = write_lsp(0, joints=[[[1.0]]])
    with pytest.raises(DataError, match="no images in"):
        data_version(LSP, root)
