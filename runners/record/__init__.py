"""The record of what was trained: MLflow runs, one for each trial, below one for each launch."""
