"""Where facts from carriers come from: one file each, a status table and a pure parse. None is polled yet."""
