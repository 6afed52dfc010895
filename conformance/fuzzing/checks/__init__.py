"""The checks of a case, in the order of ``finding.CHECKS``."""
