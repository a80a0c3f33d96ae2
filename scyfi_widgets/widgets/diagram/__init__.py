"""The pane of a bifurcation diagram."""
