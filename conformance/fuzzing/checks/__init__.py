"""The checks of a case; ``judge.py`` has their order."""
