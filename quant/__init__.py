"""What a quantised weight is."""
