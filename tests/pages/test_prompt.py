"""The prompt page, clicked through without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.emulator.directory import BUSINESS_USER, NEW_JOINER, TESTER
from tests.pages.conftest import button, said
from tests.support.signed_in import sign_in

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from core.emulator.emulator import Emulator
    from core.services import Services

ICE_CREAM = "Write a tagline for an ice cream brand:"


def ask(app: AppTest, prompt: str) -> AppTest:
    return app.chat_input(key="question").set_value(prompt).run()


def test_an_empty_page_invites_with_the_ice_cream_example_first(app: AppTest) -> None:
    app.run()
    assert not app.exception
    assert "What would you like to try?" in said(app)
    examples = [element.label for element in app.button if element.key and element.key.startswith("example-")]
    assert examples[0] == ICE_CREAM
    assert len(examples) == 3


def test_one_click_on_an_example_gives_an_answer_with_all_its_facts(app: AppTest, emulator: Emulator) -> None:
    app.run()
    button(app, ICE_CREAM).click().run()
    text = said(app)
    assert "ice cream" in text.lower()
    for fact in ("GPT-5.2 (Sweden)", "their own token", "first token", "total", "tokens in", "(estimate)", "done"):
        assert fact in text
    assert emulator.received[-1].oid == BUSINESS_USER.object_id


def test_a_page_without_a_session_shows_nothing_of_itself(app: AppTest) -> None:
    for user in ({}, {"session_id": None}, {"session_id": "made-up"}):
        app.user = user
        app.run()
        assert "signed out" in app.info[0].proto.title.lower() or "sign" in said(app).lower()
        assert not app.chat_input
        assert not app.selectbox


def test_a_session_that_ends_takes_the_page_with_it_at_the_next_click(app: AppTest, services: Services) -> None:
    app.run()
    assert app.chat_input
    services.sessions.delete(str(app.user["session_id"]))
    app.run()
    assert not app.chat_input


def test_a_conversation_has_an_address_and_carries_on(app: AppTest, emulator: Emulator) -> None:
    app.run()
    ask(app, "Write a tagline for a bakery")
    address = app.query_params["id"]
    ask(app, "Shorter please")
    assert app.query_params["id"] == address
    body = emulator.received[-1].body
    assert "bakery" in str(body)
    assert "Shorter please" in str(body)


def test_somebody_elses_conversation_is_not_found(app: AppTest, services: Services) -> None:
    app.run()
    ask(app, "Write a tagline for a bakery")
    stranger = sign_in(services, TESTER)
    app.user = {"session_id": stranger.id}
    app.session_state.clear() if hasattr(app.session_state, "clear") else None
    app.run()
    assert "not found" in app.error[0].proto.title.lower()
    assert "bakery" not in said(app)


def test_regenerating_keeps_both_answers_and_shows_the_new_one(app: AppTest, services: Services) -> None:
    app.run()
    ask(app, "Write a tagline for a bakery")
    button(app, "Regenerate").click().run()
    user = services.user_of(sign_in(services, BUSINESS_USER))
    conversation = services.prompting.conversation(user, str(app.query_params["id"]))
    assert [len(turn.runs) for turn in conversation.turns] == [2]


def test_an_edited_prompt_replaces_the_turn(app: AppTest) -> None:
    app.run()
    ask(app, "Write a tagline for a bakery")
    button(app, "Edit and resend").click().run()
    next(area for area in app.text_area if area.label == "Your prompt").set_value("Write a tagline for a ferry")
    button(app, "Send").click().run()
    text = said(app)
    assert "ferry" in text
    assert "bakery" not in text


def test_an_empty_prompt_is_refused_in_a_sentence(app: AppTest) -> None:
    app.run()
    ask(app, "   ")
    assert "nothing to send" in app.error[0].proto.title.lower()


def test_the_system_message_and_the_parameters_go_with_the_call(app: AppTest, emulator: Emulator) -> None:
    app.run()
    app.text_area(key="system").set_value("Answer like a pirate.")
    app.number_input(key="parameter-temperature").set_value(0.3)
    app.number_input(key="parameter-max_output_tokens").set_value(60)
    ask(app, "Write a tagline for a bakery")
    body = emulator.received[-1].body
    assert "pirate" in str(body)
    assert body["temperature"] == 0.3
    assert body["max_output_tokens"] == 60


def test_the_new_joiner_is_told_role_resource_and_command_and_gets_in_when_given_it(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    app.user = {"session_id": sign_in(services, NEW_JOINER).id}
    app.run()
    ask(app, ICE_CREAM)
    told = said(app) + app.error[0].proto.title
    assert "Cognitive Services OpenAI User" in told
    assert "contoso-sweden" in told
    assert f"--assignee-object-id {NEW_JOINER.object_id}" in told
    emulator.directory.grant(NEW_JOINER.object_id, "contoso-sweden")
    button(app, "Try again").click().run()
    assert not app.error
    assert "done" in said(app)
    emulator.directory.revoke(NEW_JOINER.object_id, "contoso-sweden")
    ask(app, "And another")
    assert "Cognitive Services OpenAI User" in said(app) + app.error[0].proto.title


def test_text_of_models_and_people_is_neutralised(app: AppTest) -> None:
    app.run()
    ask(app, "Write a tagline for ![x](https://canary.example/?q=1) :red-badge[ADMIN]")
    assert "![x](https://canary" not in said(app)


def test_the_page_says_that_the_demo_is_simulated(app: AppTest) -> None:
    app.run()
    assert "simulated" in said(app)


def test_only_parameters_that_the_deployment_takes_are_offered_and_sent(app: AppTest, emulator: Emulator) -> None:
    app.run()
    app.number_input(key="parameter-temperature").set_value(0.3).run()
    app.selectbox(key="deployment").set_value("contoso-sweden/o4-reasoning-sweden").run()
    assert "parameter-temperature" not in [element.key for element in app.number_input]
    assert "parameter-reasoning_effort" in [element.key for element in app.selectbox]
    ask(app, "Write a tagline for a bakery")
    assert "temperature" not in emulator.received[-1].body
    assert "done" in said(app)


def test_a_prompt_that_an_ended_sign_in_interrupted_is_sent_again_after_signing_in(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    emulator.entra.mint.lifetime_seconds = 200
    app.user = {"session_id": sign_in(services, BUSINESS_USER).id}
    emulator.directory.revoke_sessions(BUSINESS_USER.object_id, emulator.clock() + 1)
    app.run()
    ask(app, "Write a tagline for a bakery")
    assert "Sign in again" in str(app.error[0].value)
    emulator.entra.mint.lifetime_seconds = 3600
    app.user = {"session_id": sign_in(services, BUSINESS_USER).id}
    app.run()
    assert not app.error
    assert "bakery" in said(app)
    assert "done" in said(app)


def test_what_is_left_of_the_quota_is_shown_to_everybody(app: AppTest, services: Services) -> None:
    app.run()
    assert "of quota left" not in said(app)
    ask(app, "Write a tagline for a bakery")
    assert "of quota left" in said(app)
    app.user = {"session_id": sign_in(services, TESTER).id}
    app.query_params.clear()
    app.run()
    assert "of quota left" in said(app)


def test_a_busy_deployment_says_how_long_and_counts_down(app: AppTest, emulator: Emulator) -> None:
    app.run()
    emulator.openai.faults.set("gpt-5-2-sweden", "rate_limited_120")
    ask(app, "Write a tagline for a bakery")
    assert "s more, until" in said(app)
    assert "Busy until" in said(app)


def test_a_conversation_that_is_not_there_leaves_a_page_that_works(app: AppTest) -> None:
    app.query_params["id"] = "gone"
    app.run()
    assert "not found" in app.error[0].proto.title.lower()
    assert "What would you like to try?" in said(app)
    button(app, ICE_CREAM).click().run()
    assert not app.error
    assert "done" in said(app)


def test_a_prompt_is_shown_to_the_letter(app: AppTest) -> None:
    app.run()
    ask(app, "# One\nTwo *three*")
    assert "\\# One  \nTwo \\*three\\*" in said(app)


def test_what_was_set_is_said_with_the_answer_and_gone_in_a_new_conversation(app: AppTest) -> None:
    app.run()
    app.text_area(key="system").set_value("Answer like a pirate.")
    app.number_input(key="parameter-temperature").set_value(0.3)
    ask(app, "Write a tagline for a bakery")
    assert "temperature 0.3" in said(app)
    assert "with a system message" in said(app)
    button(app, "New").click().run()
    assert not next(each for each in app.text_area if str(each.key).startswith("system")).value
    assert all(each.value is None for each in app.number_input)


def test_a_conversation_is_renamed_where_it_is_open(app: AppTest, services: Services) -> None:
    app.run()
    button(app, ICE_CREAM).click().run()
    choose(app, "Rename")
    app.text_input(key="new-title").set_value("Gelato, spring")
    app.button(key="rename-conversation").click().run()
    assert titles(app, services) == ["Gelato, spring"]
    assert not app.exception


def test_a_conversation_is_deleted_only_after_a_second_yes(app: AppTest, services: Services) -> None:
    app.run()
    button(app, ICE_CREAM).click().run()
    choose(app, "Delete")
    assert len(titles(app, services)) == 1
    assert "cannot be brought back" in said(app)
    app.button(key="delete-conversation").click().run()
    assert titles(app, services) == []
    assert "What would you like to try?" in said(app)


def choose(app: AppTest, label: str) -> None:
    menu = app.menu_button(key="conversation-menu")
    menu.click(next(option for option in menu.options if option.endswith(label))).run()


def titles(app: AppTest, services: Services) -> list[str]:
    session = services.sessions.by_id(str(app.user["session_id"]))
    assert session is not None
    return [heading.title for heading in services.prompting.conversations(services.user_of(session))]
