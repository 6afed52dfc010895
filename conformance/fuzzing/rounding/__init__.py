"""What rounding explains, and what it does not."""
