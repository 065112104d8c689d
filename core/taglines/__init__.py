"""From a brief to taglines on a board."""
