"""How cycles change along lines and in planes of parameter space: branches and exact events."""
