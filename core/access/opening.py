"""Opening the room of access: the doctor, the proof of keylessness, and the desk in front of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from core.access.desk import AccessDesk
from core.access.doctor import Doctor
from core.access.proof import Proving
from core.access.recheck import Rechecks
from core.deployments.resource_manager import ResourceManager

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.deployments.catalogue import Catalogue
    from core.deployments.client import Clients
    from core.deployments.lessons import Lessons
    from core.runs.core_loop import CoreLoop
    from core.settings import Settings


def open_desk(  # noqa: PLR0913 - the room's parts meet here
    settings: Settings,
    core_loop: CoreLoop,
    *,
    origin: str,
    clients: Clients,
    catalogue: Catalogue,
    lessons: Lessons,
    clock: Callable[[], datetime],
) -> AccessDesk:
    """The desk at which people ask about access; demo mode finds its resource manager at ``origin``."""
    doctor = Doctor(clients, lessons, clock)
    host = f"https://{settings.cloud.management_host}"
    resource_manager = ResourceManager(
        clients, f"{origin}/emulator/management" if settings.demo else host, f"{host}/.default"
    )
    proving = Proving(os.environ, clients.as_sent, resource_manager, catalogue.endpoints, clock)
    return AccessDesk(core_loop, catalogue, doctor, proving, Rechecks(doctor, clock))
