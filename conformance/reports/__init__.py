"""A report in four formats: JSON for programs, Markdown for a pull request, JUnit XML, HTML."""

from .json_report import read
from .summary import answer
from .writer import write

__all__ = ["answer", "read", "write"]
