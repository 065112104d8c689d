"""What can be called: the catalogue of deployments, and one call to one of them, without any key."""
