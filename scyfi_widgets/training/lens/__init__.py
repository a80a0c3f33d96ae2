"""The gradient of the loss through a bifurcation: where it diverges, and how fast."""
