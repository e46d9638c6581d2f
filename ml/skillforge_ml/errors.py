"""The one error that reaches a user."""


class TrainingError(Exception):
    """Something that the caller can mend; the message names the thing and its value."""
