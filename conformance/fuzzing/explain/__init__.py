"""What is told of a finding: the smallest case, the likely mistake, a script that shows it."""
