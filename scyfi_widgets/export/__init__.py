"""Figures that outlive the kernel: one-file pages, and files for print."""

from .html import ExportedPage, export_html
from .print.figure import ExportedFigure, export_figure

__all__ = ["ExportedFigure", "ExportedPage", "export_figure", "export_html"]
