"""Which hglab this is: its version, and the commit where it runs from a checkout."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path

_SHORT = 12


@cache
def code_version() -> str:
    """`hglab 0.1.0 (1a2b3c4d5e6f)`; without the commit where the code lies in no checkout of git.

    A change that is not committed does not show: what would train to other numbers is told by the version of the
    training code, which enters every trial's identity.
    """
    commit = _commit(Path(__file__).resolve().parents[1] / ".git")
    return f"hglab {version('hglab')}" + (f" ({commit[:_SHORT]})" if commit else "")


def _commit(git: Path) -> str | None:
    """The commit that is checked out, read from git's own files: git itself need not be there."""
    try:
        if git.is_file():  # a worktree: the file says where git keeps it
            git = (git.parent / git.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head
        name = head.removeprefix("ref:").strip()
        common = git / "commondir"
        root = (git / common.read_text().strip()).resolve() if common.is_file() else git
        for folder in (git, root):
            if (folder / name).is_file():
                return (folder / name).read_text().strip()
        packed = (line.split() for line in (root / "packed-refs").read_text().splitlines())
        return next((words[0] for words in packed if words[1:] == [name]), None)
    except OSError:
        return None
