"""ProdSumNet."""
