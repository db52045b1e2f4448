"""What is asked of a cluster before a sweep, and what is said where it falls short."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runners.cluster import code, start_ray
from runners.job import Places
from runners.nodes import _PACKAGES, _problem, check_nodes, missing
from search_space import InputError


def test_what_is_missing_on_a_machine(tmp_path) -> None:
    assert missing([str(tmp_path)], _PACKAGES) == ([], [])
    gone = str(tmp_path / "gone")
    assert missing([gone, str(tmp_path)], ["numpy", "no_such_package"]) == ([gone], ["no_such_package"])


def _machines(*names: str):
    return lambda: [
        {"Alive": True, "Resources": {"CPU": 4.0}, "NodeManagerHostname": name, "NodeID": name} for name in names
    ]


def test_several_machines_do_not_share_an_sqlite_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("ray.nodes", _machines("one", "two"))
    with pytest.raises(InputError, match=r"the cluster has 2 machines.*--tracking-uri"):
        check_nodes(Places.below(tmp_path / "runs"))


class _LostError(Exception):
    pass


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((["/shared/runs/trials/.seen"], []), "does not see /shared/runs/trials of this machine; give --runs and"),
        ((["/shared/data"], []), "does not see /shared/data of this machine"),
        ((["/shared/data"], ["torch"]), "it lacks torch; install the same Python packages"),
        (_LostError("first\nNo module named 'pydantic'"), r"cannot run hglab \(No module named 'pydantic'\)"),
    ],
)
def test_what_a_node_lacks_is_said(answer, message: str) -> None:
    def get(asked, timeout: float):
        if isinstance(asked, Exception):
            raise asked
        return asked

    ray = SimpleNamespace(get=get, exceptions=SimpleNamespace(RayError=_LostError))
    problem = _problem(ray, "node7", answer, "/shared/runs/trials/.seen")
    with pytest.raises(InputError, match=f"the node node7: it.*{message.removeprefix('it ')}"):
        raise InputError([problem])
    assert _problem(ray, "node7", ([], []), "/shared/runs/trials/.seen") is None


def test_an_address_of_rays_client_is_refused() -> None:
    with pytest.raises(InputError, match=r"--address ray://head:10001: .*hglab submit"):
        start_ray("ray://head:10001", 1)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:9", "no Ray cluster answers there"),
        ("head", "is not an address of a cluster; write auto, or HOST:PORT"),
        ("head:", "is not an address of a cluster"),
        ("head:70000", "is not an address of a cluster"),
    ],
)
def test_an_address_where_no_cluster_is_is_said_at_once(address: str, message: str) -> None:
    with pytest.raises(InputError, match=f"--address {address}: {message}"):
        start_ray(address, 1)


def test_the_code_for_workers_is_that_of_this_process() -> None:
    import runners.sweep

    assert [path.rsplit("/", 1)[1] for path in code()] == ["search_space", "blocks", "tasks", "runners"]
    assert any(runners.sweep.__file__.startswith(path) for path in code())
