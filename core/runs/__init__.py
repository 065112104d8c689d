"""One prompt sent to one deployment: asked, streamed, stopped, kept."""
