"""Holds a snapshot against the baseline, and a candidate against production; pure functions of tables and answers."""
