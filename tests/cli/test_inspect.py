"""`hglab inspect`: tables and diagrams of networks, and what it says to bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from blocks.count import count
from cli.inspect import split_variant
from search_space import expand, read_study
from tests.small import OPTIONS


@pytest.fixture
def table2(studies) -> Path:
    return next(path for path in studies if path.stem == "table2_blocks")


@pytest.mark.slow
def test_the_overview_has_the_sizes_that_the_plan_has(call, table2) -> None:
    words = (table2, "--scale", "tiny", "--set", "model.order=1", "--format", "json")
    plan, found = (json.loads(call(verb, *words).stdout) for verb in ("plan", "inspect"))
    assert (found["study"], found["scale"]) == ("table2_blocks", "tiny")
    for planned, inspected in zip(plan["variants"], found["variants"], strict=True):
        for key in ("id", "label", "baseline", "params", "binary_macs", "real_macs", "size_bytes"):
            assert inspected[key] == planned[key]
    fields = {row["id"]: row["block_receptive_field"] for row in found["variants"]}
    assert (fields["bottleneck"], fields["hierarchical"]) == (3, 7)
    assert all(row["receptive_field"] > row["block_receptive_field"] for row in found["variants"])


@pytest.mark.parametrize("words", [(), ("--layers",)])
def test_a_networks_parts_add_up(call, table2, words) -> None:
    result = call("inspect", f"{table2}/hierarchical", "--scale", "paper", "--format", "json", *words)
    found = json.loads(result.stdout)
    variant = next(each for each in expand(read_study(table2), "paper").variants if each.id == "hierarchical")
    counts = count(variant.config.model, 256)
    assert found["total"]["params"] == counts.params == 6_236_560
    for key in ("params", "binary_params", "binary_macs", "real_macs", "size_bytes"):
        assert sum(part[key] for part in found["parts"]) == found["total"][key] == getattr(counts, key)
    assert found["parts"][0] | {"name": "stem.conv", "shape": [64, 128, 128], "receptive_field": 7} == found["parts"][0]
    assert found["parts"][-1]["receptive_field"] == found["total"]["receptive_field"]


@pytest.mark.parametrize("words", [("",), ("/hierarchical",), ("/hierarchical", "--layers")])
def test_tables_for_people_fit_a_terminal(call, small_study, words) -> None:
    result = call("inspect", f"{small_study}{words[0]}", *OPTIONS, *words[1:])
    assert result.exit_code == 0, result.output
    assert "\x1b[" not in result.stdout
    lines = result.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines if "--diagram" not in line)
    if words[0]:
        total = next(line for line in lines if line.startswith("total")).split()
        assert total[1] == f"{_small_params(small_study):,}"
        assert any(line.startswith("    skip") for line in lines)
        assert any("units.scale1" in line for line in lines) == ("--layers" in words)
    else:
        assert "bottleneck (baseline)" in result.stdout
        assert f"hglab inspect {small_study}/bottleneck" in result.stdout


def _small_params(path: Path) -> int:
    from search_space import read_overrides
    from tests.small import SMALL

    expanded = expand(read_study(path), "tiny", read_overrides(dict(SMALL)))
    return count(next(each for each in expanded.variants if each.id == "hierarchical").config.model, 32).params


def test_diagrams_are_written(call, small_study, tmp_path) -> None:
    words = [word for suffix in ("svg", "png") for word in ("--diagram", f"block.{suffix}")]
    result = call("inspect", f"{small_study}/hierarchical", *OPTIONS, *words)
    assert result.exit_code == 0, result.output
    assert "wrote block.svg" in result.stderr
    text = (tmp_path / "block.svg").read_text()
    assert "Hierarchical &amp; binary" in text  # the variant's label
    assert "stacks.0.hourglass.skip: " in text
    assert "receptive field 7×7" in text
    assert "3×3, 8 → 4" in text
    assert (tmp_path / "block.png").read_bytes().startswith(b"\x89PNG")


def test_another_module_is_drawn(call, small_study, tmp_path) -> None:
    result = call("inspect", f"{small_study}/bottleneck", *OPTIONS, "--diagram", "stem.svg", "--block", "stem")
    assert result.exit_code == 0, result.output
    assert "7×7, 3 → 4" in (tmp_path / "stem.svg").read_text()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("small.yaml/hierachical",), ("no variant 'hierachical'", "did you mean 'hierarchical'?")),
        (("smal.yaml/hierarchical",), ("smal.yaml: no such file", "small.yaml")),
        (("smal.yaml",), ("smal.yaml: no such file", "small.yaml")),
        (("small.yaml", "--diagram", "x.svg"), ("--diagram", "small.yaml/VARIANT")),
        (("small.yaml", "--layers"), ("--layers", "small.yaml/VARIANT")),
        (("small.yaml/bottleneck", "--block", "stem"), ("--block stem", "add --diagram")),
        (("small.yaml/bottleneck", "--diagram", "x.jpg"), ("--diagram x.jpg", ".svg, .png or .pdf")),
        (("small.yaml/bottleneck", "--diagram", "nowhere/x.svg"), ("--diagram nowhere/x.svg", "cannot be written")),
        (
            ("small.yaml/bottleneck", "--diagram", "x.svg", "--block", "stem.blok1"),
            ("--block stem.blok1", "did you mean 'stem.block1'?"),
        ),
        (("small.yaml/bottleneck", "--scale", "huge"), ("unknown scale 'huge'",)),
        (("small.yaml/bottleneck", "--set", "block.dept=3"), ("did you mean 'block.depth'?",)),
        (("small.yaml/hierarchical", "--set", "model.features=6"), ("cannot be built", "model.features")),
        (("small.yaml/bottleneck", "--set", "data.resolution=72"), ("cannot be built", "data.resolution")),
    ],
)
def test_bad_input_is_one_clear_error(call, small_study, tmp_path, words, parts) -> None:
    result = call("inspect", *words)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    for part in parts:
        assert part in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


@pytest.mark.parametrize("variant", ["hierarchical", "depth=2,relu=true", "a.b+c-d", None])
def test_a_variant_follows_the_studys_path(tmp_path, variant) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("")
    assert split_variant(path / variant if variant else path) == (path, variant)


def test_bad_input_is_found_before_torch_is_imported(small_study) -> None:
    program = (
        "import sys\nfrom typer.testing import CliRunner\nfrom cli.main import app\n"
        f"result = CliRunner().invoke(app, ['inspect', {str(small_study / 'nobody')!r}])\n"
        "assert result.exit_code == 2, result.output\n"
        "assert not {'torch', 'matplotlib'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
