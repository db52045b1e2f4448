"""What may vary: trial configurations, studies and how they expand to trials, a trial's identity. Pure data."""

from search_space.config import DataConfig, ModelConfig, TrialConfig
from search_space.expand import ExpandedStudy, Trial, Variant, expand
from search_space.identity import TRAINING_CODE_VERSION, fingerprint
from search_space.problems import InputError, Location, Problem
from search_space.settings import read_overrides
from search_space.study import Study, read_study

__all__ = [
    "TRAINING_CODE_VERSION",
    "DataConfig",
    "ExpandedStudy",
    "InputError",
    "Location",
    "ModelConfig",
    "Problem",
    "Study",
    "Trial",
    "TrialConfig",
    "Variant",
    "expand",
    "fingerprint",
    "read_overrides",
    "read_study",
]
