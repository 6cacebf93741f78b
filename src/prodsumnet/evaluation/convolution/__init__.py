"""Convolutions: the ways to compute one, and which to take."""
