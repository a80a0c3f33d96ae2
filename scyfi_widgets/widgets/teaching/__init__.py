"""Figures for a lecture: one idea each, one line of code each, no step hidden."""
