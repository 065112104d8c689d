"""What a person can do with prompts: ask, ask again, change what was asked, and read it all later."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.deployments.parameters import Call, Message, Parameters
from core.errors import NotFound
from core.runs.beginning import begun, new_id
from core.runs.messages import check_lengths, messages_of, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.identity.access_token import TokenSource
    from core.identity.user import User
    from core.runs.live_runs import LiveRuns
    from core.runs.run import Run
    from core.storage.conversations import ConversationStore
    from core.storage.records import Conversation, ConversationHeading, RunRecord, Turn

AS_DEPLOYED: Final = Parameters()


class Prompting:
    """Asking deployments on behalf of one person at a time. Methods block on the database: for pages' threads.

    Those that ask return the ``Run`` as soon as it is on its way, and raise ``KeylessError`` with nothing written
    when the prompt is empty or too long, the conversation is still being answered, or too many runs go on;
    ``NotFound`` for what is not there or belongs to somebody else; ``StorageError`` when the prompt cannot be kept.
    """

    def __init__(
        self,
        conversations: ConversationStore,
        live: LiveRuns,
        catalogue: Catalogue,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._conversations = conversations
        self._live = live
        self._catalogue = catalogue
        self._clock = clock

    def ask(  # noqa: PLR0913 - all that a person chooses, each by name
        self,
        user: User,
        session_id: str,
        tokens: TokenSource,
        *,
        conversation_id: str | None,
        prompt: str,
        deployment_id: str,
        system: str = "",
        parameters: Parameters = AS_DEPLOYED,
    ) -> Run:
        """Ask in a conversation, or in a new one that takes its title from the prompt."""
        check_lengths(prompt, system)
        deployment = self._catalogue.find(deployment_id)
        with self._live.place(user.key, conversation_id) as place:
            earlier = self.conversation(user, conversation_id).turns if conversation_id else ()
            call = _call(deployment, system, earlier, prompt, parameters)
            record = self._record(call, tokens, conversation_id or new_id(), new_id())
            title = None if conversation_id else title_of(prompt)
            write = functools.partial(self._conversations.ask, user.key, record, prompt, title=title)
            return self._live.start(place, record, call, tokens, session_id=session_id, write=write)

    def edit(  # noqa: PLR0913 - all that a person chooses, each by name
        self,
        user: User,
        session_id: str,
        tokens: TokenSource,
        *,
        conversation_id: str,
        turn_id: str,
        prompt: str,
        deployment_id: str,
        system: str = "",
        parameters: Parameters = AS_DEPLOYED,
    ) -> Run:
        """Put another prompt in the place of a turn; that turn and all after it are superseded, but stay stored."""
        check_lengths(prompt, system)
        deployment = self._catalogue.find(deployment_id)
        with self._live.place(user.key, conversation_id) as place:
            earlier, _ = _split(self.conversation(user, conversation_id).turns, turn_id)
            call = _call(deployment, system, earlier, prompt, parameters)
            record = self._record(call, tokens, conversation_id, new_id())
            write = functools.partial(self._conversations.ask, user.key, record, prompt, replaces_turn=turn_id)
            return self._live.start(place, record, call, tokens, session_id=session_id, write=write)

    def regenerate(  # noqa: PLR0913 - all that a person chooses, each by name
        self,
        user: User,
        session_id: str,
        tokens: TokenSource,
        *,
        conversation_id: str,
        turn_id: str,
        deployment_id: str,
        system: str = "",
        parameters: Parameters = AS_DEPLOYED,
    ) -> Run:
        """Answer a turn once more, also by another deployment; the answers before stay with the turn."""
        deployment = self._catalogue.find(deployment_id)
        check_lengths("-", system)
        with self._live.place(user.key, conversation_id) as place:
            earlier, turn = _split(self.conversation(user, conversation_id).turns, turn_id)
            call = _call(deployment, system, earlier, turn.prompt, parameters)
            record = self._record(call, tokens, conversation_id, turn_id)
            return self._live.start(place, record, call, tokens, session_id=session_id)

    def retry(self, user: User, session_id: str, tokens: TokenSource, *, conversation_id: str, run_id: str) -> Run:
        """Make the call of a run again, unchanged: same deployment, system message and parameters."""
        runs = [run for turn in self.conversation(user, conversation_id).turns for run in turn.runs]
        run = next((run for run in runs if run.id == run_id), None)
        if run is None:
            raise NotFound
        return self.regenerate(
            user,
            session_id,
            tokens,
            conversation_id=conversation_id,
            turn_id=run.turn_id,
            deployment_id=run.deployment_id,
            system=run.system,
            parameters=Parameters(**run.parameters),
        )

    def conversation(self, user: User, conversation_id: str) -> Conversation:
        """The conversation, with what its runs in memory know beyond their stored rows.

        Raises:
            NotFound: There is none of this id, or it is somebody else's.
        """
        conversation = self._conversations.get(user.key, conversation_id)
        return replace(conversation, turns=tuple(self._known_turns(user, conversation)))

    def conversations(self, user: User, limit: int = 50) -> Sequence[ConversationHeading]:
        """Headings of this person's conversations, the one used last first."""
        return self._conversations.list(user.key, limit)

    def running(self, user: User, conversation_id: str) -> Run | None:
        """The run that answers this conversation now."""
        return self._live.of_conversation(user.key, conversation_id)

    def run(self, user: User, run_id: str) -> Run | None:
        """A run in memory, to attach to."""
        return self._live.find(user.key, run_id)

    def rename(self, user: User, conversation_id: str, title: str) -> None:
        """Give the conversation another title, shortened as a first prompt would be."""
        if title.strip():
            self._conversations.rename(user.key, conversation_id, title_of(title))

    def delete(self, user: User, conversation_id: str) -> None:
        """Delete a conversation; the answer on its way is stopped first."""
        running = self.running(user, conversation_id)
        if running:
            running.cancel()
        self._conversations.delete(user.key, conversation_id)

    def _known_turns(self, user: User, conversation: Conversation) -> list[Turn]:
        in_memory = {run.id: run.record() for run in self._live.in_conversation(user.key, conversation.id)}
        turns = []
        for turn in conversation.turns:
            stored = [in_memory.pop(run.id, run) for run in turn.runs]
            unstored = [run for run in in_memory.values() if run.turn_id == turn.id]
            turns.append(replace(turn, runs=(*stored, *unstored)))
        return turns

    def _record(self, call: Call, tokens: TokenSource, conversation_id: str, turn_id: str) -> RunRecord:
        return begun(call, tokens, conversation_id=conversation_id, turn_id=turn_id, started_at=self._clock())


def _call(deployment: Deployment, system: str, earlier: Sequence[Turn], prompt: str, parameters: Parameters) -> Call:
    return Call(deployment, system.strip(), (*messages_of(earlier), Message("user", prompt)), parameters)


def _split(turns: Sequence[Turn], turn_id: str) -> tuple[Sequence[Turn], Turn]:
    """The turns before this one, and this one."""
    for index, turn in enumerate(turns):
        if turn.id == turn_id and not turn.superseded:
            return turns[:index], turn
    raise NotFound
