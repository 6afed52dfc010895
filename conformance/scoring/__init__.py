"""The score of the harness and of other gradient checkers on the collection."""
