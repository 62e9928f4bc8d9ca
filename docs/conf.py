"""How the pages become a site (Sphinx with MyST): `make docs`. Nothing on it is loaded from elsewhere.

Diagrams are Mermaid: GitHub draws them, the site shows their text, and the words around them say the same.
"""

from __future__ import annotations

import re
from typing import Any

project = "mlops-pipeline"
extensions = ["myst_parser"]
exclude_patterns = ["conf.py"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]
html_theme = "alabaster"
html_theme_options = {
    "fixed_sidebar": True,
    "page_width": "68rem",
    "body_max_width": "48rem",
    "font_family": "sans-serif",
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_copy_source = False
html_show_sphinx = False

OUTSIDE = re.compile(
    r"\[([^\]]+)\]\((?:\.\./){1,3}(?:README|CONTRIBUTING|CHANGELOG|LICENSE|benchmarks|seed_code)[^)]*\)"
)


def without_outside_links(_: Any, __: str, source: list[str]) -> None:
    """Files of the repository that are no pages have no place on the site; their links stay on GitHub."""
    source[0] = OUTSIDE.sub(r"\1", source[0])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", without_outside_links)
