"""What appears on a page moves nothing else: what moves is shown twice by a browser until the script has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.emulator.directory import BUSINESS_USER
from tests.pages.conftest import button

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest
    from streamlit.testing.v1.element_tree import Node

    from core.emulator.emulator import Emulator


def places(app: AppTest) -> dict[str, tuple[int, ...]]:
    """The position of everything on the page that has a key."""
    found: dict[str, tuple[int, ...]] = {}

    def look(node: Node, path: tuple[int, ...]) -> None:
        if key := getattr(node, "key", None):
            found[key] = path
        for position, child in getattr(node, "children", {}).items():
            look(child, (*path, position))

    look(app.main, ())
    return found


def assert_unmoved(before: dict[str, tuple[int, ...]], app: AppTest, *keys: str) -> None:
    """What has these keys is there, and was, at the same places."""
    after = places(app)
    assert {key: after.get(key) for key in keys} == {key: before[key] for key in keys}


def test_fields_for_variables_do_not_move_the_buttons_of_taglines(app: AppTest) -> None:
    app.run()
    app.switch_page("taglines.py").run()
    before = places(app)
    app.text_area(key="taglines-text").set_value("A line for {{whom}}.").run()
    assert app.text_input(key="taglines-variable-whom")
    assert_unmoved(before, app, "taglines-actions", "taglines-generate", "taglines-details")


def test_the_choice_of_a_setting_to_vary_does_not_move_the_buttons_of_compare(app: AppTest) -> None:
    app.run()
    app.switch_page("compare.py").run()
    before = places(app)
    app.button_group(key="compare-kind").set_value("A setting").run()
    assert app.selectbox(key="compare-swept")
    assert_unmoved(before, app, "compare-actions", "compare-run", "compare-stop")


def test_a_failure_moves_nothing_below_it(app: AppTest) -> None:
    app.run()
    app.switch_page("compare.py").run()
    app.text_area(key="compare-prompt").set_value("Hello")
    app.button_group(key="compare-deployments").set_value([]).run()
    before = places(app)
    app.button(key="compare-run").click().run()
    assert app.error
    assert_unmoved(before, app, "compare-invitation", "compare-run", "win-rates")
    app.switch_page("taglines.py").run()
    app.text_area(key="taglines-text").set_value("").run()
    before = places(app)
    app.button(key="taglines-generate").click().run()
    assert app.error
    assert_unmoved(before, app, "taglines-invitation", "taglines-generate")


def test_an_answer_that_failed_and_then_comes_stands_where_it_stood(app: AppTest, emulator: Emulator) -> None:
    app.run()
    emulator.directory.revoke(BUSINESS_USER.object_id, "contoso-sweden")
    button(app, "Write a tagline for an ice cream brand:").click().run()
    assert app.error
    before = places(app)
    emulator.directory.grant(BUSINESS_USER.object_id, "contoso-sweden")
    button(app, "Try again").click().run()
    assert not app.error
    (edited,) = (key for key in before if key.startswith("edit-"))
    after = places(app)
    (edited_after,) = (key for key in after if key.startswith("edit-"))
    assert after[edited_after][:-1] == before[edited][:-1]


def test_a_comparison_that_ends_or_is_run_again_moves_none_of_its_columns(app: AppTest) -> None:
    app.run()
    app.switch_page("compare.py").run()
    button(app, "Write a tagline for an ice cream brand:").click().run()
    before = places(app)
    app.button(key="compare-again").click().run()
    assert any(expander.label.startswith("What changed") for expander in app.expander)
    assert_unmoved(before, app, "compare-bar", "compare-columns", "compare-copy-0", "win-rates")


def test_a_comment_and_an_edit_do_not_move_the_buttons_of_a_card(app: AppTest) -> None:
    app.run()
    app.switch_page("taglines.py").run()
    app.button(key="taglines-generate").click().run()
    before = places(app)
    card = next(key for key in before if key.startswith("taglines-card-")).removeprefix("taglines-card-")
    app.menu_button(key=f"taglines-menu-{card}").click(":material/comment: Comment").run()
    app.text_area(key=f"taglines-comment-{card}").set_value("Too long?")
    app.button(key="taglines-work-save").click().run()
    assert any("Too long?" in caption.value for caption in app.caption)
    assert_unmoved(before, app, f"taglines-card-{card}", f"taglines-shortlist-{card}")
