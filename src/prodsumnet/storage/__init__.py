"""Trained networks on disk: safetensors and JSON only, written atomically."""

from prodsumnet.storage.atomic import write_bytes, write_text
from prodsumnet.storage.networks import about, load, save, shipped_names

__all__ = ["about", "load", "save", "shipped_names", "write_bytes", "write_text"]
