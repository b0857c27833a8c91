"""How the reader's weights were made. Nothing in ``qa`` imports this package."""
