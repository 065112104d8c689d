"""What the page Prompt is drawn with."""
