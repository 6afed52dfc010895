"""Whose fault it is, where the hand-written side and the witness disagree."""
