"""The page Compare, clicked through without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamlit.testing.v1 import AppTest

from core.comparisons.interchange import comparison_as_json
from core.emulator.directory import BUSINESS_USER, NEW_JOINER, SYSTEM_IDENTITY, TESTER
from tests.pages.conftest import NAVIGATION, RUN_SECONDS, button, said
from tests.support.signed_in import sign_in

if TYPE_CHECKING:
    import pytest

    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator
    from core.emulator.received import Received
    from core.services import Services

ICE_CREAM = "Write a tagline for an ice cream brand:"
FAST = "contoso-sweden/gpt-5-2-mini-sweden"
BALANCED = "contoso-sweden/gpt-5-2-sweden"
REASONING = "contoso-sweden/o4-reasoning-sweden"
EAST = "contoso-eastus/gpt-4-1-eastus"
FAST_LABEL = "GPT-5.2 mini (Sweden, fast)"
BALANCED_LABEL = "GPT-5.2 (Sweden)"
DONE = ":green-badge[:material/check: Done]"


def opened(app: AppTest) -> AppTest:
    app.run()
    return app.switch_page("compare.py").run()


def set_up(app: AppTest, prompt: str = ICE_CREAM, deployments: tuple[str, ...] = (BALANCED, FAST)) -> None:
    app.text_area(key="compare-prompt").set_value(prompt)
    app.button_group(key="compare-deployments").set_value(list(deployments))


def compare(app: AppTest, prompt: str = ICE_CREAM, deployments: tuple[str, ...] = (BALANCED, FAST)) -> AppTest:
    set_up(app, prompt, deployments)
    return app.button(key="compare-run").click().run()


def calls(emulator: Emulator) -> list[Received]:
    """The answers that were asked for, without what warms connections."""
    return [call for call in emulator.received if call.body]


def choose_kind(app: AppTest, kind: str) -> None:
    app.button_group(key="compare-kind").set_value(kind).run()


def test_an_empty_page_invites_and_one_click_compares_deployments_of_different_models(
    app: AppTest, emulator: Emulator
) -> None:
    opened(app)
    assert "side by side" in said(app)
    button(app, ICE_CREAM).click().run()
    assert not app.error
    assert said(app).count(DONE) == 3
    assert len({call.body["model"] for call in calls(emulator)}) == 3


def test_whoever_may_use_no_deployment_is_told_by_each_of_them_what_to_do(app: AppTest, services: Services) -> None:
    app.user = {"session_id": sign_in(services, NEW_JOINER).id}
    app.run()
    app.switch_page("access.py").run()  # from here on the app knows what is refused
    app.switch_page("compare.py").run()
    button(app, ICE_CREAM).click().run()
    assert sum("Ask an owner of the resource" in str(error.value) for error in app.error) == 3


def test_every_column_says_who_answered_where_as_whom_how_fast_and_at_what_cost(app: AppTest) -> None:
    compare(opened(app), deployments=(BALANCED, EAST))
    text = said(app)
    for fact in (
        BALANCED_LABEL,
        "gpt-5.2-chat-2026-02-10",
        "Sweden Central",
        "as you",
        "tokens in",
        "(estimate)",
        DONE,
    ):
        assert fact in text
    assert {"First token", "Total"} <= {metric.label for metric in app.metric}
    assert "At a glance" in text


def test_a_column_that_fails_explains_itself_and_leaves_the_others_alone(app: AppTest, emulator: Emulator) -> None:
    emulator.openai.faults.set("gpt-5-2-mini-sweden", "deployment_missing")
    compare(opened(app), deployments=(BALANCED, FAST, REASONING))
    assert said(app).count(DONE) == 2
    assert [error.proto.title for error in app.error] != []
    assert "Reference" in str(app.error[0].value)


def test_continuing_asks_only_for_what_is_missing(app: AppTest, emulator: Emulator) -> None:
    emulator.openai.faults.set("gpt-5-2-mini-sweden", "deployment_missing")
    compare(opened(app))
    emulator.openai.faults.clear("gpt-5-2-mini-sweden")
    asked = len(calls(emulator))
    button(app, "Continue (1 missing)").click().run()
    assert not app.error
    assert said(app).count(DONE) == 2
    assert [call.body["model"] for call in calls(emulator)[asked:]] == ["gpt-5-2-mini-sweden"]


def test_a_sign_in_that_ends_before_many_calls_do_is_said_before_they_begin(
    app: AppTest, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_in_seconds = 20.0
    tokens = services.session_tokens
    monkeypatch.setattr(tokens, "needs_person_within", lambda _session, seconds: seconds > ends_in_seconds)
    opened(app)
    app.number_input(key="compare-repeats").set_value(11)
    compare(app)
    assert "Your sign-in ends before that. Sign in again first" in str(app.warning[0].value)


def test_many_calls_are_confirmed_first_with_their_number_and_cost(app: AppTest, emulator: Emulator) -> None:
    opened(app)
    app.number_input(key="compare-repeats").set_value(11)
    compare(app)
    assert calls(emulator) == []
    assert "**22 calls**: 2 columns, 11 times." in said(app)
    assert "(estimate), if an answer is about 300 tokens long" in said(app)
    app.button(key="compare-confirm").click().run()
    assert len(calls(emulator)) == 22
    assert "Does it mean anything?" in said(app)


def test_few_calls_begin_at_once(app: AppTest, emulator: Emulator) -> None:
    opened(app)
    app.number_input(key="compare-repeats").set_value(10)
    compare(app)
    assert len(calls(emulator)) == 20


def test_a_prompt_and_two_columns_are_needed_and_the_page_says_so(app: AppTest, emulator: Emulator) -> None:
    compare(opened(app), prompt="  ")
    assert "nothing to send" in app.error[0].proto.title.lower()
    compare(app, deployments=(FAST,))
    assert "2 to 16 columns" in app.error[0].proto.title
    assert calls(emulator) == []


def test_one_deployment_is_asked_with_several_temperatures(app: AppTest, emulator: Emulator) -> None:
    choose_kind(opened(app), "A setting")
    set_up(app, deployments=(FAST,))
    app.run()
    app.multiselect(key="compare-values-temperature").set_value([1.2, 0.0])
    app.button(key="compare-run").click().run()
    assert sorted(call.body["temperature"] for call in calls(emulator)) == [0.0, 1.2]
    assert f"{FAST_LABEL} · temperature 1.2" in said(app)


def test_one_deployment_is_asked_with_several_system_messages(app: AppTest, emulator: Emulator) -> None:
    choose_kind(opened(app), "A setting")
    set_up(app, deployments=(FAST,))
    app.run()
    app.selectbox(key="compare-swept").set_value("system").run()
    app.text_area(key="compare-systems-0").set_value("Answer like a pirate.").run()
    app.text_area(key="compare-systems-1").set_value("Answer like a judge.").run()
    app.button(key="compare-run").click().run()
    assert sorted(call.body["instructions"] for call in calls(emulator)) == [
        "Answer like a judge.",
        "Answer like a pirate.",
    ]


def test_two_wordings_of_a_prompt_are_held_against_each_other(app: AppTest, emulator: Emulator) -> None:
    choose_kind(opened(app), "Two prompts")
    set_up(app, deployments=(FAST,))
    app.text_area(key="compare-second-prompt").set_value("Write a slogan for a bakery.")
    app.button(key="compare-run").click().run()
    assert sorted("bakery" in str(call.body) for call in calls(emulator)) == [False, True]
    assert f"{FAST_LABEL} · prompt B" in said(app)


def test_the_same_deployment_is_called_as_me_and_as_the_app(app: AppTest, emulator: Emulator) -> None:
    choose_kind(opened(app), "Me and the app")
    compare(app, deployments=(FAST,))
    assert {call.oid for call in calls(emulator)} == {BUSINESS_USER.object_id, SYSTEM_IDENTITY.principal_id}
    assert said(app).count(DONE) == 2
    assert "as the app" in said(app)


def test_each_deployment_can_have_its_own_parameters(app: AppTest, emulator: Emulator) -> None:
    opened(app)
    set_up(app)
    app.toggle(key="compare-has-own").set_value(True).run()
    app.number_input(key=f"compare-parameter-{FAST}-temperature").set_value(0.3).run()
    app.button(key="compare-run").click().run()
    sent = {call.body["model"]: call.body.get("temperature") for call in calls(emulator)}
    assert sent == {"gpt-5-2-sweden": None, "gpt-5-2-mini-sweden": 0.3}


def test_a_blind_comparison_names_nobody_until_all_pairs_are_judged_and_then_counts_the_vote(app: AppTest) -> None:
    opened(app)
    app.toggle(key="compare-blind").set_value(True)
    compare(app)
    hidden = said(app)
    assert "0 of 1 pairs judged" in hidden
    for telling in (BALANCED_LABEL, FAST_LABEL, "gpt-5.2", "Sweden Central", "(estimate)", DONE, "At a glance"):
        assert telling not in hidden
    assert not app.metric
    app.button(key="compare-vote-left").click().run()
    shown = said(app)
    assert "Your blind votes" in [element.label for element in app.expander]
    assert " over " in shown
    assert shown.count(DONE) == 2
    assert "compare-vote-left" not in [element.key for element in app.button]
    app.run()
    assert "compare-vote-left" not in [element.key for element in app.button]


def test_no_name_is_told_before_the_last_pair_of_the_last_round_is_judged(app: AppTest) -> None:
    opened(app)
    app.toggle(key="compare-blind").set_value(True)
    app.number_input(key="compare-repeats").set_value(2)
    compare(app)
    app.button(key="compare-vote-left").click().run()
    assert "1 of 2 pairs judged" in said(app)
    assert "Your blind votes" not in [element.label for element in app.expander]
    assert " over " not in said(app)
    assert "gpt-5.2" not in said(app)
    app.button(key="compare-vote-left").click().run()
    assert said(app).count(" over ") == 2


def test_win_rates_do_not_tell_a_name_before_all_pairs_are_judged(app: AppTest) -> None:
    opened(app)
    app.toggle(key="compare-blind").set_value(True)
    compare(app, deployments=(BALANCED, FAST, EAST))
    app.session_state["win-rates"] = True
    opening_it = next(key for element in app.button if (key := str(element.key)).startswith("compare-open-"))
    app.button(key="compare-vote-left").click().run()
    assert "1 of 3 pairs judged" in said(app)
    assert "Not counted yet: 1 of your votes" in said(app)
    app.button(key="compare-new").click().run()
    assert "Not counted yet: 1 of your votes" in said(app)
    assert not app.dataframe
    app.button(key=opening_it).click().run()
    app.button(key="compare-vote-tie").click().run()
    app.button(key="compare-vote-both_bad").click().run()
    assert "From 3 of your blind votes" in said(app)


def test_whoever_looks_at_the_names_votes_no_more(app: AppTest) -> None:
    opened(app)
    app.toggle(key="compare-blind").set_value(True)
    compare(app)
    app.button(key="compare-give-up-blindness").click().run()
    assert said(app).count(DONE) == 2
    assert "compare-vote-left" not in [element.key for element in app.button]


def test_a_comparison_reopens_by_its_address_as_it_was(app: AppTest, services: Services) -> None:
    compare(opened(app), prompt="Write a tagline for a bakery", deployments=(BALANCED, EAST))
    before, address = said(app), str(app.query_params["id"])
    other = AppTest.from_file(str(NAVIGATION), default_timeout=RUN_SECONDS)
    other.user = {"session_id": sign_in(services, BUSINESS_USER).id}
    other.run()
    other.query_params["id"] = address
    other.switch_page("compare.py")
    other.query_params["id"] = address
    other.run()
    assert said(other) == before
    assert other.text_area(key="compare-prompt").value == "Write a tagline for a bakery"
    assert other.button_group(key="compare-deployments").value == [BALANCED, EAST]


def test_an_address_that_leads_nowhere_leaves_a_page_that_works(app: AppTest) -> None:
    app.query_params["id"] = "gone"
    opened(app)
    app.query_params["id"] = "gone"
    app.run()
    assert "not found" in app.error[0].proto.title.lower()
    button(app, ICE_CREAM).click().run()
    assert not app.error
    assert DONE in said(app)


def test_somebody_elses_comparison_is_not_found_unless_it_is_shared(app: AppTest, services: Services) -> None:
    compare(opened(app), prompt="Write a tagline for a bakery")
    app.user = {"session_id": sign_in(services, TESTER).id}
    app.run()
    assert "not found" in app.error[0].proto.title.lower()


def test_a_reader_sees_answers_only_of_deployments_that_were_found_to_let_them_in(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    compare(opened(app), prompt="Write a tagline for a bakery")
    address = str(app.query_params["id"])
    next(toggle for toggle in app.toggle if toggle.label.startswith("Anybody")).set_value(True).run()
    for resource in ("contoso-sweden", "contoso-eastus"):
        emulator.directory.revoke(SYSTEM_IDENTITY.principal_id, resource)
    app.user = {"session_id": sign_in(services, NEW_JOINER).id}
    app.query_params["id"] = address
    app.run()
    assert DONE not in said(app)
    assert "Whether you may was not checked" in said(app)
    app.button(key="compare-check-0").click().run()
    assert DONE not in said(app)
    assert "Cognitive Services OpenAI User" in said(app)
    emulator.directory.grant(NEW_JOINER.object_id, "contoso-sweden")
    app.button(key="compare-check-0").click().run()
    assert said(app).count(DONE) == 1
    assert "compare-retry-1" not in [element.key for element in app.button]


def share_with(app: AppTest, services: Services, reader: Person) -> None:
    """Share the open comparison and open its address as somebody else."""
    address = str(app.query_params["id"])
    next(toggle for toggle in app.toggle if toggle.label.startswith("Anybody")).set_value(True).run()
    app.user = {"session_id": sign_in(services, reader).id}
    app.query_params["id"] = address
    app.run()


def test_the_reader_of_a_blind_comparison_checks_what_they_may_use_and_then_judges_blindly(
    app: AppTest, services: Services
) -> None:
    opened(app)
    app.toggle(key="compare-blind").set_value(True)
    compare(app)
    share_with(app, services, TESTER)
    assert "pairs judged" not in said(app)
    assert said(app).count("Whether you may was not checked") == 2
    app.button(key="compare-check-all").click().run()
    assert "0 of 1 pairs judged" in said(app)
    assert "Whether you may" not in said(app)
    assert BALANCED_LABEL not in said(app)
    app.button(key="compare-vote-left").click().run()
    assert said(app).count(DONE) == 2


def test_a_reader_is_not_told_to_mend_what_failed_for_the_owner(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    emulator.openai.faults.set("gpt-5-2-mini-sweden", "deployment_missing")
    compare(opened(app))
    remedy = str(app.error[0].value)
    emulator.openai.faults.clear("gpt-5-2-mini-sweden")
    share_with(app, services, TESTER)
    app.button(key="compare-check-all").click().run()
    assert remedy not in str(app.error[0].value)
    assert "This was said to business.user" in str(app.error[0].value)
    assert "Reference" in str(app.error[0].value)


def test_run_again_asks_the_same_and_says_what_changed(app: AppTest, emulator: Emulator) -> None:
    compare(opened(app))
    first = app.query_params["id"]
    button(app, "Run again").click().run()
    assert app.query_params["id"] != first
    assert len(calls(emulator)) == 4
    assert "The same was asked." in said(app)
    compare(app, prompt="Write a tagline for a bakery")
    assert "rompt" in said(app)
    assert "The same was asked." not in said(app)


def test_prompt_deployments_and_comparison_are_still_there_after_another_page(app: AppTest) -> None:
    compare(opened(app), prompt="Write a tagline for a bakery", deployments=(BALANCED, EAST))
    before = said(app)
    app.switch_page("access.py").run()
    app.switch_page("compare.py").run()
    assert said(app) == before
    assert app.text_area(key="compare-prompt").value == "Write a tagline for a bakery"


def test_a_prompt_is_carried_over_from_the_prompt_page_with_its_settings(app: AppTest) -> None:
    app.run()
    app.selectbox(key="deployment").set_value(EAST)
    app.text_area(key="system").set_value("Answer like a pirate.")
    app.chat_input(key="question").set_value("Write a tagline for a bakery").run()
    button(app, "Compare this prompt").click().run()
    assert app.text_area(key="compare-prompt").value == "Write a tagline for a bakery"
    assert next(each for each in app.text_area if each.label == "System message").value == "Answer like a pirate."
    chosen = app.session_state["compare-deployments"]
    assert EAST in chosen
    assert len(chosen) >= 2


def test_title_and_tags_are_kept_and_stand_in_the_list(app: AppTest) -> None:
    compare(opened(app))
    next(each for each in app.text_input if each.label == "Title").set_value("Ice cream, spring").run()
    next(each for each in app.multiselect if each.label == "Tags").set_value(["taglines"]).run()
    button(app, "New").click().run()
    assert "Ice cream, spring" not in said(app)
    kept = next(element for element in app.button if element.label.startswith("Ice cream, spring"))
    assert ":gray-badge[taglines]" in kept.label
    kept.click().run()
    assert said(app).count(DONE) == 2


def test_a_deleted_comparison_is_gone(app: AppTest) -> None:
    compare(opened(app))
    assert app.button(key="compare-delete").disabled
    app.checkbox(key="compare-sure").set_value(True).run()
    app.button(key="compare-delete").click().run()
    assert "side by side" in said(app)
    assert not app.query_params.get("id")


def test_text_of_models_and_people_is_neutralised(app: AppTest) -> None:
    compare(opened(app), prompt="Write a tagline for ![x](https://canary.example/?q=1) :red-badge[ADMIN]")
    assert "![x](https://canary" not in said(app)
    assert " :red-badge[ADMIN]" not in said(app)


def test_two_answers_are_held_against_each_other_word_by_word(app: AppTest) -> None:
    compare(opened(app))
    assert ":red-background[~~" in said(app)
    assert ":green-background[**" in said(app)


def test_answers_that_are_json_are_drawn_as_trees_and_held_against_each_other_by_place(app: AppTest) -> None:
    compare(opened(app), 'Name ice creams, as {"lines": ["first"]}')
    assert "Where the two differ as JSON:" in said(app)
    app.session_state["compare-tabs"] = "JSON"
    app.run()
    assert len(app.json) == 2
    assert all("lines" in tree.value for tree in app.json)


def test_one_column_can_be_looked_at_alone(app: AppTest) -> None:
    compare(opened(app))
    next(each for each in app.selectbox if each.label == "Columns").set_value(1).run()
    assert said(app).count(DONE) == 1


def test_an_exported_file_is_opened_again_without_anything_being_asked_or_stored(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    compare(opened(app), prompt="Write a tagline for a bakery")
    user = services.user_of(sign_in(services, BUSINESS_USER))
    file = comparison_as_json(services.comparing.comparison(user, str(app.query_params["id"])))
    app.button(key="compare-delete")
    app.checkbox(key="compare-sure").set_value(True).run()
    app.button(key="compare-delete").click().run()
    asked = len(calls(emulator))
    app.file_uploader(key="compare-file").upload("comparison.json", file, "application/json").run()
    assert "Opened from a file" in said(app)
    assert said(app).count(DONE) == 2
    assert app.text_area(key="compare-prompt").value == "Write a tagline for a bakery"
    assert "compare-again" not in [element.key for element in app.button]
    assert len(calls(emulator)) == asked
    assert services.comparing.comparisons(user) == ()


def test_a_file_that_is_no_comparison_is_refused_in_a_sentence(app: AppTest) -> None:
    opened(app)
    app.file_uploader(key="compare-file").upload("comparison.json", b"{}", "application/json").run()
    assert "no comparison" in app.error[0].proto.title
    assert "side by side" in said(app)


def test_a_sign_in_that_ended_pauses_the_comparison_which_is_continued_after_signing_in(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    emulator.entra.mint.lifetime_seconds = 200
    app.user = {"session_id": sign_in(services, BUSINESS_USER).id}
    emulator.directory.revoke_sessions(BUSINESS_USER.object_id, emulator.clock() + 1)
    compare(opened(app))
    assert "Then continue." in said(app)
    emulator.entra.mint.lifetime_seconds = 3600
    app.user = {"session_id": sign_in(services, BUSINESS_USER).id}
    app.run()
    button(app, "Continue (2 missing)").click().run()
    assert said(app).count(DONE) == 2
    assert "Then continue." not in said(app)
