"""The training pipeline: from a training export to a registered model. Each step is a command; ``run`` takes all of them."""
