"""Who can do what a remedy says."""

from __future__ import annotations

from typing import Final

YOU: Final = "You"
RESOURCE_OWNER: Final = "An owner of the resource"
DIRECTORY_ADMINISTRATOR: Final = "An administrator of your directory"
RUNS_THE_APP: Final = "Whoever runs this app"
MICROSOFT: Final = "Microsoft"
