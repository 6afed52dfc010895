"""What is under test: found in a file, called with care, ended where it does not end."""
