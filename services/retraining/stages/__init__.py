"""What a run goes through, one stage after the other; table.py is the order."""
