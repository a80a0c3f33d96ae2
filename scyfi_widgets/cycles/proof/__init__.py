"""What proves that no cycle is missing: certificates, and code of its own that checks them."""
