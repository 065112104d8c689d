"""What a person, or the app, can use today: asked of every deployment, told with the remedy and who can do it."""
