"""How fast the portal is, as ratios of two things run side by side: `make bench`."""
