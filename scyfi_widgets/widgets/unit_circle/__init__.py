"""Eigenvalues on the unit circle: the figure and its points, of a model and of a training."""
