"""Files that people take away, safe to open: spreadsheets and pages of one file."""
