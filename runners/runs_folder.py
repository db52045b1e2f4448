"""Which folder of runs this is: machines that share a tracking server may share the folder, too, or have one each."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

_ID = ".id"


def runs_id(trials: Path) -> str:
    """The id of a folder of trials, the same for everyone who sees the folder; given with the first call.

    Raises:
        OSError: for a folder that cannot be written or read.
    """
    path = trials / _ID
    trials.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        temporary = trials / f"{_ID}.{uuid.uuid4().hex}"
        temporary.write_text(uuid.uuid4().hex)
        try:
            os.link(temporary, path)  # of several who try, one succeeds, and nobody reads half an id
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()
