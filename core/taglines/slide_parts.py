"""What slides are made of: an empty deck, shapes, texts that fit, and the logo."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from core.taglines.typesetting import fitting_points, is_right_to_left, one_line

if TYPE_CHECKING:
    from pptx.presentation import Presentation as Deck
    from pptx.shapes.autoshape import Shape
    from pptx.slide import Slide

    from core.settings.brand import Brand

WIDTH: Final = Inches(13.333)
HEIGHT: Final = Inches(7.5)
_TITLE_ONLY: Final = 5
_INSET_POINTS: Final = 7.2

Box = tuple[int, int, int, int]
"""Left, top, width and height."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a text is set; ``points`` is its size when it fits."""

    points: int
    colour: RGBColor
    is_bold: bool = False
    across: PP_ALIGN = PP_ALIGN.LEFT
    down: MSO_ANCHOR = MSO_ANCHOR.TOP


def colour_of(code: str) -> RGBColor:
    """The colour of six hexadecimal digits."""
    colour: RGBColor = RGBColor.from_string(code)  # type: ignore[no-untyped-call]  # it is not annotated
    return colour


_PAPER: Final = colour_of("FFFFFF")


def wide_deck() -> Deck:
    """An empty 16:9 deck; the layouts of the default template, which is 4:3, are stretched with it."""
    deck = Presentation()
    stretch = WIDTH / deck.slide_width
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    for layout in (deck.slide_master, *deck.slide_layouts):
        for shape in layout.placeholders:
            left, width = shape.left, shape.width
            shape.left, shape.width = Emu(int(left * stretch)), Emu(int(width * stretch))
    return deck


def new_slide(deck: Deck) -> Slide:
    """A slide at the end, with an empty title."""
    slide: Slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
    return slide


def paint(slide: Slide, colour: RGBColor) -> None:
    """Give the slide a background."""
    slide.background.fill.solid()
    slide.background.fill.fore_color.rgb = colour


def add_form(slide: Slide, kind: MSO_SHAPE, box: Box, colour: RGBColor) -> None:
    """Put a shape behind everything that has to be read."""
    form = slide.shapes.add_shape(kind, *map(Emu, box))
    form.fill.solid()
    form.fill.fore_color.rgb = colour
    form.line.fill.background()
    _flatten(form)
    if kind is MSO_SHAPE.ROUNDED_RECTANGLE:
        form.adjustments[0] = 0.12
    # Decoration lies behind the title, which the layout put there first.
    tree = slide.shapes._spTree  # noqa: SLF001 - python-pptx has no public way to order shapes
    tree.remove(form._element)  # noqa: SLF001 - see above
    tree.insert(2, form._element)  # noqa: SLF001 - see above


def _flatten(form: Shape) -> None:
    """Take the theme's shadow and outline away."""
    style = form._element.find(qn("p:style"))  # noqa: SLF001 - python-pptx has no public way to remove it
    if style is not None:
        form._element.remove(style)  # noqa: SLF001 - see above


def fill_title(slide: Slide, text: str, box: Box, look: Look) -> None:
    """Write the slide's own title into a box."""
    title = slide.shapes.title
    if title is None:
        raise RuntimeError("The layout has no title.")
    title.left, title.top, title.width, title.height = map(Emu, box)
    _write(title, text, look)


def add_text(slide: Slide, text: str, box: Box, look: Look) -> None:
    """Write a text into a box of its own."""
    _write(slide.shapes.add_textbox(*map(Emu, box)), text, look)


def _write(shape: Shape, text: str, look: Look) -> None:
    """Put one paragraph into a shape, in the largest size up to that of ``look`` in which it fits."""
    frame = shape.text_frame
    frame.word_wrap = True
    frame.vertical_anchor = look.down
    frame.margin_left = frame.margin_right = 0
    paragraph = frame.paragraphs[0]
    backwards = is_right_to_left(text)
    if backwards:
        paragraph._p.get_or_add_pPr().set("rtl", "1")  # noqa: SLF001 - python-pptx has no public way to say so
    paragraph.alignment = PP_ALIGN.RIGHT if backwards and look.across is PP_ALIGN.LEFT else look.across
    room = (shape.width.pt, shape.height.pt - _INSET_POINTS)
    run = paragraph.add_run()
    run.text = text
    run.font.size = Pt(fitting_points(text, *room, largest=look.points))
    run.font.bold, run.font.color.rgb = look.is_bold, look.colour


def add_logo(slide: Slide, brand: Brand, place: Box, *, plate: bool) -> int:
    """Put the logo at the left of ``place``, as large as fits; where it ends, or 0 without one."""
    picture = brand.picture()
    if not picture:
        return 0
    left, top, width, height = place
    logo = slide.shapes.add_picture(BytesIO(picture), Emu(left), Emu(top))
    scale = min(width / logo.width, height / logo.height)
    logo.width, logo.height = Emu(int(logo.width * scale)), Emu(int(logo.height * scale))
    logo.top = Emu(top + (height - logo.height) // 2)
    logo._element._nvXxPr.cNvPr.set("descr", one_line(brand.name) or "Logo")  # noqa: SLF001 - what is read aloud
    if plate:
        # Many logos are dark: on the coloured slide they need paper of their own.
        edge = Inches(0.14)
        around = (left - edge, logo.top - edge, logo.width + 2 * edge, logo.height + 2 * edge)
        paper = slide.shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, *map(Emu, around))
        paper.fill.solid()
        paper.fill.fore_color.rgb = _PAPER
        paper.line.fill.background()
        _flatten(paper)
        logo._element.addprevious(paper._element)  # noqa: SLF001 - python-pptx has no public way to order shapes
    return left + logo.width
