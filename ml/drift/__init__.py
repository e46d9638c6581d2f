"""Drift of what the recommender sees and gives: reports with Evidently, from a training export. See docs/how-to/watch-drift.md."""
