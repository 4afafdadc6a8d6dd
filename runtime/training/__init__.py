"""How a user's code trains and answers: the seam between retraining and the plugins that make candidates."""
