"""All words that are real anywhere on an interval of the parameter, proved, for M <= 2."""
