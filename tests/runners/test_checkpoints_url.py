"""The URL for checkpoints: what cannot be used is said, nothing is told of credentials."""

from __future__ import annotations

import pytest

from runners.checkpoints_url import check_url, check_usable, in_words, open_url, probe, shown, write_below
from search_space import InputError
from tests.runners.stores import Store


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/shared/x", r"--checkpoints /shared/x: is not a URL; write s3://BUCKET/FOLDER"),
        ("s4://b/x", r"'s4' is no protocol of fsspec"),
        ("s3://k:secret@b/x", r"--checkpoints s3://\*\*\*@b/x: s3:// needs the package s3fs, .*; pip install s3fs"),
        ("gs://b", r"gs:// needs the package gcsfs"),
        ("sftp://h/x", r"sftp:// needs the package paramiko"),
        ("file://x/y", r"is a relative path.*; write file:///FOLDER"),
        ("memory://x", r"it is gone with the process"),
        ("file:///proc/none/x", r"it cannot be written and read \(FileNotFoundError"),
    ],
)
def test_a_url_that_cannot_be_used_is_said_before_anything_trains(url: str, message: str) -> None:
    package = message.partition("package ")[2].split(",")[0]
    if package:
        try:
            __import__(package)
        except ImportError:
            pass
        else:
            pytest.skip(f"{package} is installed")
    with pytest.raises(InputError, match=message) as error:
        check_usable(url)
    assert "secret" not in str(error.value)


def test_a_store_that_answers_is_used_and_left_as_it_was(store) -> None:
    check_url(store)
    assert check_usable(store) is None
    assert not Store.store
    Store.error = PermissionError("Forbidden: store://me:secret@host/x?sig=secret")
    assert probe(store) == "it cannot be written and read (PermissionError: Forbidden: store://***@host/x?***)"


class Buckets:
    """The part of an object store that making folders needs: folders come with their files, buckets do not."""

    def __init__(self, *there: str) -> None:
        self._there = there
        self.made: list[str] = []

    def exists(self, path: str) -> bool:
        return path in ("", *self._there)

    def _parent(self, path: str) -> str:
        return path.rpartition("/")[0]

    def mkdir(self, path: str, create_parents: bool) -> None:
        assert not create_parents
        self.made.append(path)


def test_folders_are_made_but_never_a_bucket(tmp_path) -> None:
    def fails():
        raise FileNotFoundError("no such thing")

    files = Buckets()
    with pytest.raises(FileNotFoundError, match=r"^there is no bucket$"):
        write_below(files, "bucket/deep/er", fails)
    assert files.made == []
    files = Buckets("bucket")
    with pytest.raises(FileNotFoundError, match="no such thing"):
        write_below(files, "bucket/deep/er", fails)
    assert files.made == ["bucket/deep", "bucket/deep/er"]
    files, root = open_url(f"file://{tmp_path}/deep/er")
    write_below(files, root, lambda: files.pipe_file(f"{root}/x", b"1"))
    assert (tmp_path / "deep" / "er" / "x").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/x", "s3://bucket/x"),
        ("sftp://me:a@b@host:22/x", "sftp://***@host:22/x"),
        ("GET https://h/x?sig=1&key=2 failed", "GET https://h/x?*** failed"),
        ("is it there? yes", "is it there? yes"),
    ],
)
def test_what_is_told_holds_no_credentials(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert in_words(OSError(text)) == f"OSError: {expected}"
