"""Products as chains of matrix products between the axes of a tensor."""
