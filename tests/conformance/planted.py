"""Planted bugs: one entry of one result off by a relative 1e-6, or worse manners."""

import zlib

import numpy as np

SIZE = 1e-6


def nudge(array):
    """A copy with one entry, any that is not 0, multiplied by 1 + SIZE.

    Which one follows from the array itself: the same bug at the same place, however often it runs.
    """
    wrong = np.array(array)
    places = np.argwhere(wrong)
    if len(places):
        place = tuple(places[zlib.crc32(wrong.tobytes()) % len(places)])
        wrong[place] *= 1 + SIZE
    return wrong


def plant(monkeypatch, owner, name, corrupt):
    """Replace a function or method by one whose result goes through ``corrupt(result, *args)``."""
    original = getattr(owner, name)

    def wrong(*args, **kwargs):
        return corrupt(original(*args, **kwargs), *args)

    monkeypatch.setattr(owner, name, wrong)
