"""The page Taglines, clicked through without a browser, on real services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.emulator.directory import BUSINESS_USER, NEW_JOINER, TESTER, Person
from core.storage.board_records import Role
from core.taglines.board import add, allow_replays, edit, show_deployments
from core.taglines.brief import DEFAULT_TEXT, Brief
from pages.components.taglines.asking import AtWork
from tests.pages.conftest import button, said
from tests.support.boards import a_card
from tests.support.signed_in import sign_in

if TYPE_CHECKING:
    import pytest
    from streamlit.testing.v1 import AppTest

    from core.emulator.emulator import Emulator
    from core.identity.user import User
    from core.services import Services
    from core.taglines.board import Board

FAST = "contoso-sweden/gpt-5-2-mini-sweden"
HOSTILE = "**Bold** :red[claim] <b>x</b> ![a](http://evil.example/p.png) $x$"


def opened(app: AppTest, board_id: str = "") -> AppTest:
    app.run()
    if board_id:
        app.query_params["id"] = board_id
    return app.switch_page("taglines.py").run()


def headers(app: AppTest) -> list[str]:
    return [str(each.value).replace("\u2060", "") for each in app.header]


def choose(app: AppTest, card_id: str, option: str) -> AppTest:
    return app.menu_button(key=f"taglines-menu-{card_id}").click(option).run()


def the_board(app: AppTest, services: Services, person: Person = BUSINESS_USER) -> Board:
    return services.taglines.open(user_of(services, person), app.session_state["taglines-open"])


def user_of(services: Services, person: Person) -> User:
    return services.user_of(sign_in(services, person))


def with_cards(services: Services, user: User, *texts: str, brief: Brief | None = None) -> Board:
    taglines = services.taglines
    board = taglines.create(user, brief or Brief(deployment_ids=(FAST,)), title="Ice")
    cards = [a_card(text, board.created_at, deployment_id=FAST) for text in texts]
    return taglines.change(user, board.id, board.version, lambda seen: add(seen, cards)).board


def test_one_click_on_the_empty_page_gives_eight_taglines_of_several_deployments(
    app: AppTest, services: Services
) -> None:
    opened(app)
    assert app.text_area(key="taglines-text").value == DEFAULT_TEXT
    app.button(key="taglines-generate").click().run()
    assert not app.exception
    assert not app.error
    board = the_board(app, services)
    assert len(board.cards) == 8
    assert len({card.deployment_id for card in board.cards}) >= 2
    assert len(headers(app)) == 8


def test_an_example_is_a_board_with_one_click(app: AppTest, services: Services) -> None:
    button(opened(app), "A line for a night train to Lisbon.").click().run()
    assert the_board(app, services).brief.text == "A line for a night train to Lisbon."
    assert len(headers(app)) == 8


def test_details_are_part_of_the_brief_and_what_breaks_them_is_marked(app: AppTest, services: Services) -> None:
    opened(app)
    app.text_input(key="taglines-must-have").set_value("glacier, scoop")
    app.number_input(key="taglines-longest").set_value(3)
    app.selectbox(key="taglines-unit").set_value("words")
    app.number_input(key="taglines-count").set_value(2)
    app.button_group(key="taglines-deployments").set_value([FAST])
    app.run()
    assert app.button(key="taglines-generate").label == "Generate 2"
    app.button(key="taglines-generate").click().run()
    brief = the_board(app, services).brief
    assert len(headers(app)) == 2
    assert (brief.must_have, brief.longest, brief.longest_unit) == (("glacier", "scoop"), 3, "words")
    assert "3 are the most" in said(app)


def test_generate_names_what_comes_also_where_each_deployment_writes_one_of_fewer(
    app: AppTest, services: Services
) -> None:
    opened(app)
    chosen = list(app.button_group(key="taglines-deployments").value or ())
    app.number_input(key="taglines-count").set_value(1).run()
    assert len(chosen) > 1
    assert app.button(key="taglines-generate").label == f"Generate {len(chosen)}"
    app.button(key="taglines-generate").click().run()
    assert len(the_board(app, services).cards) == len(chosen)


def test_variables_of_a_brief_become_a_form_and_are_asked_for_before_anything_is_sent(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    opened(app)
    app.text_area(key="taglines-text").set_value("A tagline for {{brand}} in {{city}}").run()
    asked_before = len(emulator.received)
    app.button(key="taglines-generate").click().run()
    assert len(app.error) == 1
    assert len(emulator.received) == asked_before
    app.text_input(key="taglines-variable-brand").set_value("Frost")
    app.text_input(key="taglines-variable-city").set_value("Oslo")
    app.button(key="taglines-generate").click().run()
    assert the_board(app, services).brief.filled_text == "A tagline for Frost in Oslo"


def test_a_board_is_reopened_by_its_address_exactly(app: AppTest, services: Services) -> None:
    user = user_of(services, BUSINESS_USER)
    brief = Brief("A tagline for skis", tone="dry", banned=("cheap",), longest=40, deployment_ids=(FAST,))
    board = with_cards(services, user, "Down, beautifully.", brief=brief)
    opened(app, board.id)
    assert headers(app) == ["Down, beautifully."]
    assert app.text_area(key="taglines-text").value == "A tagline for skis"
    assert app.text_input(key="taglines-own-tone~1").value == "dry"
    assert app.number_input(key="taglines-longest~1").value == 40
    app.button(key="taglines-new").click().run()
    assert app.text_area(key="taglines-text").value == DEFAULT_TEXT
    app.button(key=f"taglines-open-{board.id}").click().run()
    assert app.text_area(key="taglines-text").value == "A tagline for skis"


def test_a_bad_address_is_a_sentence_on_a_page_that_works(app: AppTest) -> None:
    opened(app, "nosuchboard")
    assert len(app.error) == 1
    assert not app.exception
    app.button(key="taglines-generate").click().run()
    assert len(headers(app)) == 8


def test_the_shortlist_is_kept_looked_at_alone_and_undone(app: AppTest, services: Services) -> None:
    user = user_of(services, BUSINESS_USER)
    board = with_cards(services, user, "One.", "Two.", "Three.")
    opened(app, board.id)
    app.button(key=f"taglines-shortlist-{board.cards[1].id}").click().run()
    assert [card.text for card in services.taglines.open(user, board.id).shortlist] == ["Two."]
    app.button_group(key="taglines-shown").set_value("Shortlist").run()
    assert headers(app) == ["Two."]
    app.button(key="taglines-undo").click().run()
    assert not app.error
    assert services.taglines.open(user, board.id).content() == board.content()


def test_cards_that_a_filter_keeps_back_are_counted_and_one_click_or_new_cards_show_all(
    app: AppTest, services: Services
) -> None:
    brief = Brief(longest=12, deployment_ids=(FAST,))
    board = with_cards(services, user_of(services, BUSINESS_USER), "One.", "Two.", "Much too long.", brief=brief)
    other = a_card("Four.", board.created_at, deployment_id="other", deployment_label="Poet")
    services.taglines.change(user_of(services, BUSINESS_USER), board.id, 2, lambda seen: add(seen, [other]))
    opened(app, board.id)
    key = str(next(each.key for each in app.toggle if each.label.startswith("Only those")))
    app.toggle(key=key).set_value(True).run()
    assert headers(app) == ["One.", "Two.", "Four."]
    assert "3 of 4 shown" in said(app)
    pills = next(each for each in app.button_group if each.label == "Only from")
    pills.set_value(["other"]).run()
    assert headers(app) == ["Four."]
    app.button_group(key="taglines-shown").set_value("Shortlist").run()
    assert headers(app) == []
    app.button_group(key="taglines-shown").set_value("All").run()
    app.button(key="taglines-show-all").click().run()
    assert len(headers(app)) == 4
    assert " shown" not in said(app)
    (now,) = (each for each in app.toggle if each.label == "Only those that keep to the brief")
    assert (now.value, now.key == key) == (False, False), "a closed drawer would send its old value again"
    now.set_value(True).run()
    app.button(key="taglines-generate").click().run()
    assert not app.exception
    assert len(headers(app)) == 12


def test_a_filter_is_forgotten_on_the_next_board_and_on_one_that_hides_its_deployments(
    app: AppTest, services: Services
) -> None:
    user = user_of(services, BUSINESS_USER)
    board, next_board = with_cards(services, user, "One.", "Two."), with_cards(services, user, "Three.")
    other = a_card("Four.", board.created_at, deployment_id="other", deployment_label="Poet")
    board = services.taglines.change(user, board.id, 2, lambda seen: add(seen, [other])).board
    opened(app, board.id)
    next(each for each in app.button_group if each.label == "Only from").set_value(["other"]).run()
    assert headers(app) == ["Four."]
    services.taglines.change(user, board.id, board.version, lambda seen: show_deployments(seen, shows=False))
    app.run()
    assert headers(app) == ["One.", "Two.", "Four."]
    services.taglines.undo(user, board.id)
    app.run()
    app.button(key=f"taglines-open-{next_board.id}").click().run()
    app.button(key=f"taglines-open-{board.id}").click().run()
    assert headers(app) == ["One.", "Two.", "Four."]


def test_what_somebody_else_changed_meanwhile_is_said_and_both_texts_are_kept(
    app: AppTest, services: Services
) -> None:
    user, other = user_of(services, BUSINESS_USER), user_of(services, TESTER)
    board = with_cards(services, user, "One.")
    services.taglines.sharing.join(other, services.taglines.sharing.make(user, board.id, Role.EDITOR).id)
    card_id = board.cards[0].id
    opened(app, board.id)
    choose(app, card_id, ":material/edit: Edit")
    services.taglines.change(other, board.id, board.version, lambda seen: edit(seen, card_id, "Theirs."))
    app.run()
    app.text_area(key=f"taglines-text-{card_id}").set_value("Mine.")
    app.button(key="taglines-work-save").click().run()
    assert headers(app) == ["Theirs.", "Mine."]
    assert any("Both texts are kept" in str(each.value) for each in app.warning)


def test_a_card_is_drawn_whatever_its_random_id_is(app: AppTest, services: Services) -> None:
    user = user_of(services, BUSINESS_USER)
    board = with_cards(services, user)
    cards = [a_card(identifier, board.created_at, id=identifier) for identifier in ("a__b", "__", "_-_", "a_", "-")]
    services.taglines.change(user, board.id, board.version, lambda seen: add(seen, cards))
    opened(app, board.id)
    assert not app.exception
    assert len(headers(app)) == len(cards)


def test_a_viewer_sees_the_board_without_anything_that_changes_it(app: AppTest, services: Services) -> None:
    owner, viewer = user_of(services, TESTER), user_of(services, BUSINESS_USER)
    board = with_cards(services, owner, "One.", "Two.")
    services.taglines.sharing.join(viewer, services.taglines.sharing.make(owner, board.id, Role.VIEWER).id)
    opened(app, board.id)
    assert not app.exception
    assert headers(app) == ["One.", "Two."]
    labels = {each.label for each in app.button}
    assert not {"Shortlist", "Undo", "Generate 8", "Stop", "Share"} & labels
    services.taglines.change(owner, board.id, board.version, lambda seen: show_deployments(seen, shows=False))
    app.run()
    assert "Writer" not in said(app)
    assert "Rehearse" not in {each.label for each in app.button}
    button(app, "Copy the brief into a board of your own").click().run()
    assert the_board(app, services).owner == viewer.key


def test_what_people_and_models_wrote_is_shown_to_the_letter(app: AppTest, services: Services) -> None:
    user = user_of(services, BUSINESS_USER)
    board = with_cards(services, user, HOSTILE, brief=Brief(HOSTILE, deployment_ids=(FAST,)))
    opened(app, board.id)
    shown = "\n".join([*(str(each.value) for each in (*app.header, *app.title)), said(app)])
    assert "evil.example" in shown
    for directive in ("**Bold**", ":red[", "<b>", "![a]"):
        assert directive not in shown


def test_a_deployment_that_refuses_is_told_beside_the_cards_of_the_others(services: Services, app: AppTest) -> None:
    app.user = {"session_id": sign_in(services, NEW_JOINER).id}
    opened(app)
    app.button_group(key="taglines-deployments").set_value([FAST])
    app.button(key="taglines-generate").click().run()
    assert not app.exception
    assert "az role assignment create" in said(app)


def test_a_stored_answer_that_stands_in_is_labelled_with_its_time_and_can_be_switched_off(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    opened(app)
    app.button_group(key="taglines-deployments").set_value([FAST])
    app.button(key="taglines-generate").click().run()
    user = user_of(services, BUSINESS_USER)
    first = the_board(app, services)
    second = services.taglines.create(user, first.brief, title="Demo")
    emulator.directory.revoke(BUSINESS_USER.object_id, "contoso-sweden")
    app.run()
    app.button(key=f"taglines-open-{second.id}").click().run()
    app.button(key="taglines-generate").click().run()
    assert "Stored answer of" in said(app)
    assert {card.how for card in the_board(app, services).cards} == {"replayed"}
    third = services.taglines.create(user, first.brief, title="Demo without")
    services.taglines.change(user, third.id, 1, lambda seen: allow_replays(seen, replays=False))
    app.run()
    app.button(key=f"taglines-open-{third.id}").click().run()
    app.button(key="taglines-generate").click().run()
    assert headers(app) == []
    assert app.error


def test_a_large_board_is_turned_over_page_by_page_and_new_cards_are_in_sight(
    app: AppTest, services: Services
) -> None:
    board = with_cards(
        services, user_of(services, BUSINESS_USER), *(f"Line {number * 7919}." for number in range(61))
    )
    opened(app, board.id)
    assert len(headers(app)) == 60
    app.button(key="taglines-generate").click().run()
    assert headers(app)[0] == "Line 475140."
    assert len(headers(app)) == 9


def test_the_rehearsal_says_how_a_demo_would_go_and_tries_each_deployment_when_asked(
    app: AppTest, services: Services, emulator: Emulator
) -> None:
    board = with_cards(services, user_of(services, BUSINESS_USER), "One.")
    opened(app, board.id)
    app.button(key="taglines-rehearse").click().run()
    assert "You are signed in for longer than the demo takes" in said(app)
    assert "nothing to show" in said(app)
    asked_before = len(emulator.received)
    app.button(key="taglines-trial").click().run()
    assert len(emulator.received) == asked_before + 1
    assert len(services.taglines.open(user_of(services, BUSINESS_USER), board.id).cards) == 1


def test_a_vote_needs_a_shortlist_and_is_opened_counted_and_closed(app: AppTest, services: Services) -> None:
    owner, voter = user_of(services, BUSINESS_USER), user_of(services, TESTER)
    board = with_cards(services, owner, "One.", "Two.")
    opened(app, board.id)
    app.button(key="taglines-vote").click().run()
    app.button(key="taglines-open-vote").click().run()
    assert len(app.error) == 1
    for card in board.cards:
        app.button(key=f"taglines-shortlist-{card.id}").click().run()
    app.button(key="taglines-vote").click().run()
    app.button(key="taglines-open-vote").click().run()
    (poll,) = services.taglines.voting.of_board(owner, board.id)
    services.taglines.voting.cast(voter, poll.id, board.cards[1].id)
    app.button(key="taglines-vote").click().run()
    app.button(key="taglines-close-vote").click().run()
    assert not app.error
    assert not services.taglines.voting.poll(owner, poll.id).is_open


def test_links_are_made_used_and_taken_back(app: AppTest, services: Services) -> None:
    owner, other = user_of(services, BUSINESS_USER), user_of(services, TESTER)
    board = with_cards(services, owner, "One.")
    sharing = services.taglines.sharing
    opened(app, board.id)
    app.button(key="taglines-share").click().run()
    app.button(key="taglines-link-viewer").click().run()
    (share,) = sharing.links(owner, board.id)
    sharing.join(other, share.id)
    app.button(key="taglines-share").click().run()
    assert "tester" in said(app)
    app.button(key=f"taglines-take-back-{share.id}").click().run()
    assert sharing.members(owner, board.id) == ()


def test_an_earlier_version_is_restored_and_a_board_deleted(app: AppTest, services: Services) -> None:
    owner = user_of(services, BUSINESS_USER)
    board = with_cards(services, owner, "One.")
    opened(app, board.id)
    app.menu_button(key="taglines-more").click(":material/history: Versions").run()
    app.button(key="taglines-restore-1").click().run()
    assert services.taglines.open(owner, board.id).cards == ()
    app.menu_button(key="taglines-more").click(":material/delete: Delete").run()
    app.button(key="taglines-delete").click().run()
    assert services.taglines.list(owner) == ()
    assert app.title[0].value == "Taglines"


def test_stars_and_a_comment_are_kept_and_a_card_can_be_written_by_hand(app: AppTest, services: Services) -> None:
    owner = user_of(services, BUSINESS_USER)
    board = with_cards(services, owner, "One.")
    card_id = board.cards[0].id
    opened(app, board.id)
    app.feedback(key=f"taglines-stars-{card_id}").set_value(3).run()
    choose(app, card_id, ":material/comment: Comment")
    app.text_area(key=f"taglines-comment-{card_id}").set_value("Legal wants a word.")
    app.button(key="taglines-work-save").click().run()
    app.menu_button(key="taglines-more").click(":material/edit_note: Write a card").run()
    app.text_area(key="taglines-written").set_value("Two, by hand.")
    app.button(key="taglines-write").click().run()
    one, two = services.taglines.open(owner, board.id).cards
    assert (one.stars, one.comment) == (4, "Legal wants a word.")
    assert (two.text, two.how) == ("Two, by hand.", "by hand")
    assert app.feedback(key=f"taglines-stars-{card_id}").value == 3
    assert "Legal wants a word." in said(app)


def test_a_full_board_takes_no_card_by_hand(
    app: AppTest, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.taglines.board.MOST_CARDS_ON_A_BOARD", 1)
    board = with_cards(services, user_of(services, BUSINESS_USER), "One.")
    opened(app, board.id)
    app.menu_button(key="taglines-more").click(":material/edit_note: Write a card").run()
    app.text_area(key="taglines-written").set_value("Two, by hand.")
    app.button(key="taglines-write").click().run()
    assert "A board holds 1 cards" in app.error[0].proto.title
    assert headers(app) == ["One."]


def test_names_of_deployments_are_hidden_from_everybody_and_the_title_is_changed(
    app: AppTest, services: Services
) -> None:
    owner = user_of(services, BUSINESS_USER)
    board = with_cards(services, owner, "One.")
    opened(app, board.id)
    assert "Writer" in said(app)
    app.toggle(key="taglines-shows").set_value(False).run()
    assert "Writer" not in said(app)
    app.menu_button(key="taglines-more").click(":material/edit: Rename").run()
    app.text_input(key="taglines-new-title").set_value("For grown-ups")
    app.button(key="taglines-rename").click().run()
    assert app.title[0].value == "For grown-ups"
    assert not services.taglines.open(owner, board.id).shows_deployments


def test_a_translation_stands_behind_its_card(app: AppTest, services: Services) -> None:
    board = with_cards(services, user_of(services, BUSINESS_USER), "Scoop up a little happiness.", "Two.")
    opened(app, board.id)
    # The row of icons under a card can be clicked in a browser only.
    app.session_state["taglines-at-work"] = AtWork(board.cards[0].id, "language", board.version)
    app.run()
    app.selectbox(key=f"taglines-language-{board.cards[0].id}").set_value("French")
    app.button(key="taglines-work-save").click().run()
    assert [card.how for card in the_board(app, services).cards] == ["generated", "translated", "generated"]
