"""When a parcel comes, when it may come, who has agreed to it, and what must happen next."""
