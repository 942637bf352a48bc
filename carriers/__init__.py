"""Where facts from carriers come from: a status table, a pure parse and a thin fetch each; polled or pushed."""
