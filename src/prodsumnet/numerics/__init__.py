"""Plain functions under everything else: seeded integer streams, transforms, checks."""
