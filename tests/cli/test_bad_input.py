"""Bad input: one clear error each, exit code 2, no traceback, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

TWO = "variants:\n  - {id: a, baseline: true}\n  - {id: b, set: {block.type: hierarchical}}\n"


def _refused(result, *parts: str) -> None:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    for part in parts:
        assert part in result.stderr.replace("\n", " "), result.stderr


@pytest.mark.parametrize("verb", ["validate", "plan", "run", "table", "status"])
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"study: x\nbase: {{block.dept: 3}}\n{TWO}", ("bad.yaml:2:8: ", "did you mean 'block.depth'?")),
        (f"study: x\nbase: {{training.epochs: many}}\n{TWO}", ("bad.yaml:2:25: ", "must be an integer")),
        (
            f"study: x\nbase: {{block.type: transformer}}\n{TWO}",
            ("bad.yaml:2:20: ", "one of bottleneck, multi_scale, hierarchical"),
        ),
        (f"study: x\nbase: {{block.depth: 20}}\n{TWO}", ("bad.yaml:2:21: ", "from 2 to 8, not 20")),
        ("", ("bad.yaml: the study is empty",)),
        ("study: [x\n", ("bad.yaml:2:1: not valid YAML",)),
        (f"study: x\nstudy: y\n{TWO}", ("bad.yaml:2:1: the key 'study' stands twice",)),
    ],
)
def test_a_study_with_a_mistake(call, tmp_path, verb: str, text: str, parts: tuple[str, ...]) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    _refused(call(verb, "bad.yaml"), *parts)
    assert not (tmp_path / "runs").exists()


def test_a_study_that_is_not_there(call, small_study) -> None:
    _refused(call("plan", "smal.yaml"), "smal.yaml: no such file", "small.yaml")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--scale", "huge"), ("unknown scale 'huge'", "tiny, laptop, paper")),
        (("--data", "coco"), ("'data.name' must be one of synthetic, lsp, mpii, not coco",)),
        (("--set", "training.epocs=3"), ("did you mean 'training.epochs'?",)),
        (("--data", "lsp"), ("--data-root",)),
        (("--data", "lsp", "--data-root", "nowhere"), ("--data-root nowhere: there is no such folder",)),
        (("--data", "lsp", "--data-root", "."), ("joints.mat",)),
        (("--set", "data.resolution=72"), ("cannot be built", "data.resolution")),
        (("--set", "model.features=6"), ("cannot be built", "model.features")),
    ],
)
def test_options_that_cannot_be_used(call, small_study, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    _refused(call("plan", small_study, *words), *parts)


def _lsp(root, joints) -> None:
    (root / "images").mkdir(parents=True)
    savemat(root / "joints.mat", {"joints": joints})
    for index in range(10):
        Image.fromarray(np.full((120, 100, 3), 90, np.uint8)).save(root / "images" / f"im{index + 1:05d}.jpg")


@pytest.fixture
def joints() -> np.ndarray:
    """Annotations as LSP-extended has them: 14 x 3 x 10."""
    generator = np.random.default_rng(0)
    joints = np.ones((14, 3, 10))
    joints[:, :2] = generator.uniform(20, 80, (14, 2, 10))
    return joints


@pytest.mark.slow
def test_an_image_that_does_not_decode(call, small_study, tmp_path, joints) -> None:
    _lsp(tmp_path / "lsp", joints)
    (tmp_path / "lsp" / "images" / "im00003.jpg").write_bytes(b"this is no picture")
    options = ("--scale", "tiny", "--data", "lsp", "--data-root", tmp_path / "lsp", "--executor", "inline")
    _refused(call("run", small_study, *options), "im00003.jpg")
    assert not (tmp_path / "runs" / "mlflow.db").exists()


@pytest.mark.slow
def test_a_joint_file_of_another_shape(call, small_study, tmp_path, joints) -> None:
    _lsp(tmp_path / "lsp", joints[:, :2])
    options = ("--scale", "tiny", "--data", "lsp", "--data-root", tmp_path / "lsp", "--executor", "inline")
    _refused(call("run", small_study, *options), "joints.mat", "14 x 2 x 10")


def test_a_record_that_is_no_database(call, small_study, tmp_path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mlflow.db").write_bytes(b"not a database" * 100)
    for verb in ("run", "table", "status", "plan"):
        _refused(call(verb, small_study), "mlflow.db", "the record cannot be read")
    assert (tmp_path / "runs" / "mlflow.db").read_bytes() == b"not a database" * 100


def test_there_is_nothing_to_browse_yet(call) -> None:
    _refused(call("ui"), "there is no record yet", "run a study first")


def test_inline_has_no_cluster(call, small_study) -> None:
    _refused(call("run", small_study, "--executor", "inline", "--address", "auto"), "--address", "inline")


def test_only_takes_variants_of_the_study(call, small_study) -> None:
    _refused(call("run", small_study, "--only", "hierachical"), "--only", "did you mean 'hierarchical'?")


@pytest.mark.slow
def test_more_gpus_than_there_are(call, small_study) -> None:
    result = call("run", small_study, "--scale", "tiny", "--gpus-per-trial", "99")
    _refused(result, "--gpus-per-trial 99", "this machine has")
