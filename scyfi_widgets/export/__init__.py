"""Figures that outlive the kernel: one-file pages, and files for print."""

from .html import ExportedPage, export_html

__all__ = ["ExportedPage", "export_html"]
