"""What the page Compare is drawn with."""
