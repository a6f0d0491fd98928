"""Errors of evogan's own; each is also a built-in kind, so that code which knows nothing of evogan can catch it."""

from __future__ import annotations


class NotFittedError(ValueError, AttributeError):
    """A model was asked for samples before it was fitted."""


class TrainingDivergedError(ArithmeticError):
    """A loss became NaN or infinite during training."""


class CheckpointError(ValueError):
    """A checkpoint is truncated, damaged, of another format, or belongs to other settings."""


class CheckpointUnsupportedError(TypeError):
    """An algorithm's state cannot be stored, so its run cannot be resumed."""
