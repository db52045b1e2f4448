"""What is asked of a cluster before a sweep, and what is said where it falls short."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runners.checkpoints_url import mark
from runners.cluster import code, start_ray
from runners.job import Places
from runners.nodes import Lack, Needed, _problem, check_nodes, lacking
from search_space import InputError


def test_what_is_missing_on_a_machine(tmp_path) -> None:
    assert lacking(Needed([str(tmp_path)])) == Lack([], [])
    gone = str(tmp_path / "gone")
    found = lacking(Needed([gone, str(tmp_path)], ["numpy", "no_such_package"]))
    assert found == Lack([gone], ["no_such_package"])


def test_a_node_with_a_url_needs_a_folder_of_its_own_and_sees_what_the_launch_has_written(tmp_path) -> None:
    url, own = f"file://{tmp_path}/url", tmp_path / "a" / "b"
    mark(url, ".seen-1")
    assert lacking(Needed([], own_folder=str(own), url=url, marker=".seen-1")) == Lack([], [])
    assert own.is_dir()
    assert [path.name for path in (tmp_path / "url").iterdir()] == [".seen-1"]
    assert "does not see there" in lacking(Needed([], url=url, marker=".seen-2")).url
    (tmp_path / "file").touch()
    lack = lacking(Needed([], own_folder=str(tmp_path / "file" / "a"), url=f"file://{tmp_path}/file/x"))
    assert lack.own_folder == "Not a directory"
    assert "cannot be written and read (NotADirectoryError" in lack.url


def _machine(address: str, cpus: float) -> dict[str, object]:
    resources = {"CPU": cpus} if cpus else {}
    return {"Alive": True, "Resources": resources, "NodeManagerAddress": address, "NodeID": address}


@pytest.mark.parametrize("cpus", [4.0, 0.0])
def test_several_machines_do_not_share_an_sqlite_file(tmp_path, monkeypatch, cpus: float) -> None:
    """Nor does a head without CPUs, whose launch writes, with one worker."""
    monkeypatch.setattr("ray.nodes", lambda: [_machine("10.0.0.1", cpus), _machine("10.0.0.2", 4.0)])
    with pytest.raises(InputError, match=r"the cluster has 2 machines.*--tracking-uri"):
        check_nodes(Places.below(tmp_path / "runs"))


class _LostError(Exception):
    pass


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Lack(["/shared/runs/trials/.seen"]), "does not see /shared/runs/trials of this machine; give --runs and"),
        (Lack(["/shared/data"]), "does not see /shared/data of this machine"),
        (Lack(["/shared/data"], ["torch"]), "it lacks torch; install the same Python packages"),
        (Lack(url="it cannot be read"), "it cannot use the URL of --checkpoints: it cannot be read; give it access"),
        (
            Lack(own_folder="Permission denied"),
            r"it cannot write to a folder of its own for --runs \(Permission denied",
        ),
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
    assert _problem(ray, "node7", Lack(), "/shared/runs/trials/.seen") is None


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
