"""The one error that reaches a user."""


class FeatureStoreError(Exception):
    """Something that the caller can mend; the message names the thing and its value."""
