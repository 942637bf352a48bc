"""What recipients are told by SMS: which fact, in which words, by which provider, and what became of it."""
