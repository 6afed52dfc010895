"""Speed, as ratios: each figure beside a floor or a peer that was timed in the same run."""
