"""Where a user's code runs."""
