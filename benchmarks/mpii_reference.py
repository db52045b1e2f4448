"""PCKh of published predictions on MPII's validation set: is our metric the official one?

    .venv/bin/python benchmarks/mpii_reference.py ../shared/data/mpii

The folder holds `gt_valid.mat` and `predictions_newell_hg8.h5` (Newell's eight-stack hourglass, 2,958 people).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import h5py
import numpy as np
from scipy.io import loadmat

from tasks.metrics import JOINT_GROUPS, pckh
from tasks.mpii import mpii_head_sizes


def main() -> None:
    """Print PCKh at 0.5 and 0.1, by pair and in total."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    truth = loadmat(folder / "gt_valid.mat")
    with h5py.File(folder / "predictions_newell_hg8.h5") as file:
        predicted = np.asarray(file["preds"])
    target = truth["pos_gt_src"].transpose(2, 0, 1)
    visible = truth["jnt_missing"].T == 0
    heads = mpii_head_sizes(truth["headboxes_src"])
    for threshold in (0.5, 0.1):
        report = pckh(predicted, target, heads, visible, threshold=threshold)
        figures = "  ".join(f"{name} {report[name]:.2f}" for name in (*JOINT_GROUPS, "total", "mean14"))
        print(f"PCKh@{threshold}: {figures}")


if __name__ == "__main__":
    main()
