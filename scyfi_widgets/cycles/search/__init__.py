"""The search for cycles of sizes that no enumeration reaches; it proves nothing."""
