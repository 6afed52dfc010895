"""The site is built by ``tox run -e docs``: warnings are errors."""

import re
import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

project = "backprop-conformance"
author = "the authors of backprop-conformance"
release = version = installed("backprop-conformance")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]  # links to files of the repository, good on a forge
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "backprop-conformance"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "show-inheritance": True}

#: Docstrings are plain text with formulas: outside of ``code`` a star is a star.
CODE = re.compile(r"(``[^`]+``)")


def plain_text(app, what, name, obj, options, lines):
    """Let what RST would take for markup stand as it is written."""
    for i, line in enumerate(lines):
        parts = CODE.split(line)
        parts[::2] = [re.sub(r"([*|`\\]|_(?=\W|$))", r"\\\1", part) for part in parts[::2]]
        lines[i] = "".join(parts)


def setup(app):
    """Register the above."""
    app.connect("autodoc-process-docstring", plain_text)
