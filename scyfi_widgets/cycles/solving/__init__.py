"""From a word to its cycle: points, margins and multipliers to full precision, or why not."""
