"""Which cases are judged: fixed ones, those next to kinks, then what Hypothesis draws."""
