"""The harness: Hypothesis brings the reference and the oracle before the same case, and judges."""
