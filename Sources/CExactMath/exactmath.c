// The exact arithmetic of docs/numerics.md.
