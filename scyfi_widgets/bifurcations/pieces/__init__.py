"""Where the cycles of a word are real along a line: exact pieces, events on them, samples."""
