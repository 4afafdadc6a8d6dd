"""Trainers that come along."""

from typing import Final

BUILT_IN: Final = {"scikit-learn": "services.retraining.trainers.scikit_learn:ScikitLearn"}
"""Places by name: only the one that is asked for is imported."""
