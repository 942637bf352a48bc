"""The ground floor: what a parcel is, and everything that ever happened to it."""
