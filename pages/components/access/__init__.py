"""What the page My access is drawn with."""
