"""The tests mirror the house: one folder a package, and what spans them beside it."""
