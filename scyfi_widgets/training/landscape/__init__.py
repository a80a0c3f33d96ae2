"""The loss over the plane of two weights, and the norm of its gradient."""
