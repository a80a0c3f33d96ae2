"""Complete enumeration for any size: branch and bound over a complementarity problem."""
