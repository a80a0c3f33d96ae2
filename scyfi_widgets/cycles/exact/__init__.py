"""One word in exact arithmetic: what is true of it, with nothing rounded before the answer."""
