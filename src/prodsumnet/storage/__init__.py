"""Trained networks on disk: safetensors and JSON only, written atomically."""

from prodsumnet.storage.networks import load, save, shipped_names

__all__ = ["load", "save", "shipped_names"]
