"""Figures for print, drawn with Matplotlib from the same drawings as the pages."""
