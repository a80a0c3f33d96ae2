"""Exact gradients: back-propagation through time of the shared form, in compiled kernels."""
