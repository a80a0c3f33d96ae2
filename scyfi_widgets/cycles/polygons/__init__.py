"""Complete enumeration for one and two states: clip polygons of first points, word by word."""
