"""What lies at the URL of checkpoints, of all trials, as a launch sees it. Imports no torch: plans are made with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runners.checkpoints_url import OPTION, MirrorAway, in_words, open_url, shown
from runners.files import MODEL, checkpoint_epochs
from search_space import InputError

if TYPE_CHECKING:
    from runners.job import Places
    from runners.mirror import Mirror
    from runners.planning import PlannedTrial

_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Held:
    """What lies at a URL: trials with trained weights, and the newest epoch of those with checkpoints."""

    weights: frozenset[str]
    epochs: dict[str, int]


def held_at(url: str) -> Held:
    """What lies at a URL, of all trials, in one listing.

    Raises:
        InputError: if it cannot be listed.
    """
    weights: set[str] = set()
    epochs: dict[str, int] = {}
    try:
        files, root = open_url(url)
        files.ls(root, detail=False)  # it raises where `find` finds nothing if the URL is away
        paths = files.find(root)
    except FileNotFoundError:
        paths = []
    except Exception as error:
        raise InputError.at(f"{OPTION} {shown(url)}", f"it cannot be listed ({in_words(error)})") from None
    for path in paths:
        fingerprint, name = str(path).split("/")[-2:]
        if name == MODEL:
            weights.add(fingerprint)
        for epoch in checkpoint_epochs([name]):
            epochs[fingerprint] = max(epoch, epochs.get(fingerprint, 0))
    return Held(frozenset(weights), epochs)


def weights_finder(places: Places) -> Callable[[str], bool]:
    """A function that says whether a trial's trained weights are at hand: in its folder or at the URL of `places`.

    The URL is asked once, and not before something is not in its folder. The function raises InputError.
    """
    at_url: list[Held] = []

    def find(fingerprint: str) -> bool:
        if places.weights(fingerprint).is_file():
            return True
        if places.checkpoints is None:
            return False
        if not at_url:
            at_url.append(held_at(places.checkpoints))
        return fingerprint in at_url[0].weights

    return find


def send_ahead(trials: Sequence[PlannedTrial], places: Places, *, fresh: bool) -> None:
    """Upload what only this machine has of what trials go on with: from a launch without a URL, say.

    Args:
        trials: what is to be trained.
        places: where their folders and the mirror lie. Nothing is done without a URL.
        fresh: whether they are trained from the start: then their checkpoints are of no use.

    Raises:
        InputError: if the URL does not take it.
    """
    url = places.checkpoints
    if url is None:
        return
    asked = {before.fingerprint for trial in trials for before in trial.needs}
    needed = {key for key in asked - {trial.fingerprint for trial in trials} if places.weights(key).is_file()}
    begun = [trial.fingerprint for trial in trials if not fresh and places.folder(trial.fingerprint).is_dir()]
    if not needed and not begun:
        return
    from runners.mirror import Mirror, epoch_here

    held = held_at(url)
    for fingerprint in begun:
        folder, mirror = places.folder(fingerprint), Mirror(url, fingerprint)
        epoch = epoch_here(folder)
        if epoch > held.epochs.get(fingerprint, 0) and _is_current(mirror, places, fingerprint):
            _must(mirror, mirror.put_checkpoint(folder, epoch, _PATIENCE_S))
    for fingerprint in needed - held.weights:
        mirror = Mirror(url, fingerprint)
        _must(mirror, mirror.put_weights(places.folder(fingerprint), _PATIENCE_S))


def _is_current(mirror: Mirror, places: Places, fingerprint: str) -> bool:
    try:
        return mirror.is_current(places.folder(fingerprint), _PATIENCE_S)
    except MirrorAway as away:
        raise InputError.at(OPTION, str(away)) from None


def _must(mirror: Mirror, arrived: bool) -> None:
    if not arrived:
        raise InputError.at(OPTION, str(mirror.trouble))
