"""Which hglab this is."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from runners.code_version import _commit, code_version


def _git(folder, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_the_commit_is_the_one_that_git_says(tmp_path) -> None:
    (tmp_path / "one").mkdir()
    _git(tmp_path / "one", "init", "-q", "-b", "main")
    _git(tmp_path / "one", "commit", "-q", "--allow-empty", "-m", "first")
    commit = _git(tmp_path / "one", "rev-parse", "HEAD")
    assert _commit(tmp_path / "one" / ".git") == commit
    _git(tmp_path / "one", "worktree", "add", "-q", "-b", "other", "../two")
    assert _commit(tmp_path / "two" / ".git") == commit
    _git(tmp_path / "one", "pack-refs", "--all")
    assert _commit(tmp_path / "one" / ".git") == commit
    _git(tmp_path / "one", "checkout", "-q", "--detach")
    assert _commit(tmp_path / "one" / ".git") == commit


def test_without_a_checkout(tmp_path) -> None:
    assert _commit(tmp_path / ".git") is None
    assert code_version().startswith("hglab ")
