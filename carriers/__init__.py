"""Where facts from carriers will come from: one file each, a status table and a pure parse. None is polled yet."""
