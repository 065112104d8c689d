"""What the page Taglines is drawn with."""
