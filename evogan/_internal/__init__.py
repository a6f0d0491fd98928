"""Floor 0: argument checks, seeds and devices, files. Nothing here is public."""
