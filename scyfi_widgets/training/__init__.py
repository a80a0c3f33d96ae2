"""How networks learn: forcing, exact gradients, recorded runs, loss jumps and bifurcations."""
