"""The pane of a parameter plane."""
