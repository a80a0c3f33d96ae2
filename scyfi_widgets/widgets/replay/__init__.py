"""The replay of a training: one clock, and panes that show the network of the moment."""
