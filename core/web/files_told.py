"""Which files of pages each signed-in browser may read or send: those that a page of its own was told of."""

from __future__ import annotations

from typing import Final

from core.web.streamlit_wire import urls_told

FOLDERS: Final = ("/media/", "/_stcore/upload_file/")
FILES_OF_A_SESSION: Final = 500
SESSIONS: Final = 4096


class FilesTold:
    """Listens to what Streamlit sends to tabs, so that nobody uses the address of somebody else's download or upload.

    The address of a download is a sum of its content: two people may be told of one. The oldest are forgotten first;
    a page that is loaded again is told anew.
    """

    def __init__(self) -> None:
        self._by_session: dict[str, dict[str, None]] = {}

    def note(self, session_id: str, message: bytes) -> None:
        """Note what a message to a tab of this session tells of."""
        if not any(folder.encode() in message for folder in FOLDERS):
            return
        for url in urls_told(message):
            if url.startswith(FOLDERS):
                self._keep(session_id, url)

    def may_use(self, session_id: str, path: str) -> bool:
        """Whether a page of this session was told of exactly this path."""
        return path in self._by_session.get(session_id, {})

    def _keep(self, session_id: str, url: str) -> None:
        # What was told last stands last.
        told = self._by_session.pop(session_id, {})
        told.pop(url, None)
        told[url] = None
        self._by_session[session_id] = told
        if len(told) > FILES_OF_A_SESSION:
            del told[next(iter(told))]
        if len(self._by_session) > SESSIONS:
            del self._by_session[next(iter(self._by_session))]
