"""Synthetic human figures: pictures of articulated bodies with MPII's sixteen joints, made rather than read.

Figure `index` of a split is fixed by (`SYNTHETIC_VERSION`, split, index) alone: it is the same person in the same scene
on every machine, at every size, however many others are asked for. The package needs Pillow and numpy, and no file.

    scene.py        who stands where (no pixels): activities.py, kinematics.py, proportions.py
    picture.py      the picture: background.py, figure.py, head.py, outfit.py, occluders.py, drawn with canvas.py
    annotations.py  a split of figures as `tasks.annotations.Annotations`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.synthetic.version import SYNTHETIC_VERSION

if TYPE_CHECKING:
    from tasks.synthetic.annotations import synthetic_annotations
    from tasks.synthetic.picture import render

__all__ = ["SYNTHETIC_VERSION", "render", "synthetic_annotations"]


def __getattr__(name: str) -> Any:
    """Import numpy and Pillow only when a figure is asked for: the version alone must be cheap to read."""
    if name == "synthetic_annotations":
        from tasks.synthetic.annotations import synthetic_annotations

        return synthetic_annotations
    if name == "render":
        from tasks.synthetic.picture import render

        return render
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
