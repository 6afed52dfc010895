"""Campaigns: many cases of every property, shared out among processes."""
