"""Every event curve in the plane of two weights, where they meet, and the regions between them."""
