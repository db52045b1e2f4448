"""ray_cluster.yaml: both of its clusters pass Ray's own validation, and none of its places is a machine of ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

FILE = Path(__file__).resolve().parents[1] / "ray_cluster.yaml"
TEXT = FILE.read_text(encoding="utf-8")
CLOUD = "#cloud: "
_VALIDATE = """\
import json, sys
from ray.autoscaler._private.util import prepare_config, validate_config
validate_config(prepare_config(json.load(sys.stdin)))
"""


def _clusters() -> dict[str, dict]:
    own = yaml.safe_load(TEXT)
    cloud_lines = [line.removeprefix(CLOUD) for line in TEXT.splitlines() if line.startswith(CLOUD)]
    replaced = {key: value for key, value in own.items() if key not in {"provider", "auth", "min_workers"}}
    return {"own": own, "cloud": replaced | yaml.safe_load("\n".join(cloud_lines))}


def _validate(cluster: dict) -> subprocess.CompletedProcess[str]:
    """Ray's validation, in a process of its own: Ray is not to be imported into that of other tests."""
    return subprocess.run(
        [sys.executable, "-c", _VALIDATE], input=json.dumps(cluster), capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "provider"), [("own", "local"), ("cloud", "aws")])
def test_ray_accepts_the_cluster(name: str, provider: str) -> None:
    cluster = _clusters()[name]
    assert cluster["provider"]["type"] == provider
    done = _validate(cluster)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_ray_refuses_a_key_that_it_does_not_know() -> None:
    done = _validate({**_clusters()["own"], "head_start_commands": []})
    assert done.returncode != 0
    assert "head_start_commands" in done.stderr


def test_own_machines_all_start() -> None:
    own = _clusters()["own"]
    assert own["min_workers"] == own["max_workers"] == len(own["provider"]["worker_ips"])


def test_every_start_says_how_nodes_know_each_other() -> None:
    own = _clusters()["own"]
    starts = [
        command
        for key in ("head_start_ray_commands", "worker_start_ray_commands")
        for command in own[key]
        if " start " in command
    ]
    assert len(starts) == 2
    for start in starts:
        assert {"RAY_AUTH_MODE=token", "RAY_memory_monitor_refresh_ms=0"} <= set(start.split())


@pytest.mark.parametrize("name", ["HEAD", "NODE_1", "USER", "SHARED", "REGION", "IMAGE"])
def test_a_placeholder_is_used_and_explained(name: str) -> None:
    comments = "\n".join(line for line in TEXT.splitlines() if line.startswith("# "))
    assert name in json.dumps(_clusters())
    assert re.search(rf"\b{name}\b( |:)", comments)


def test_no_path_is_a_machines_own() -> None:
    assert not re.search(r"(?<![\w~.])/(?:work|tmp|home|root|mnt|opt)/", TEXT)
