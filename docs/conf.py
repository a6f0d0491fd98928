"""Sphinx configuration: MyST pages and the API from docstrings."""

import evogan

project = "evogan"
author = "The evogan developers"
copyright = "2026, the evogan developers"
release = evogan.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_heading_anchors = 3
autodoc_typehints = "none"
autodoc_member_order = "bysource"
exclude_patterns = ["_build"]
html_theme = "alabaster"
