"""Speed: ratios against a floor or a peer that was timed in the same run, and a few seconds."""
