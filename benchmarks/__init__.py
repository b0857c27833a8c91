"""What answering costs, measured side by side in one run."""
