// Type as large as a card has room for. The stylesheet lets the words give way to what stands below them; its own sizes
// are a first guess by length.

const SMALLEST_PIXELS = 13;
const SMALLER_FOR_WHOLE_WORDS = 0.6;
const STEPS = 7;

// The largest size that fits, or 0; with "normal" wrapping no word is broken.
function largest(words, most, room, wrapping) {
  const fits = (pixels) => {
    words.style.fontSize = `${pixels}px`;
    return words.clientHeight < room && words.scrollWidth <= words.clientWidth + 1;
  };
  words.style.overflowWrap = wrapping;
  if (!fits(SMALLEST_PIXELS)) return 0;
  let [low, high] = [SMALLEST_PIXELS, Math.max(most, SMALLEST_PIXELS)];
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return Math.floor(low);
}

export function fit(card) {
  const words = card.querySelector("h2");
  const { clientWidth: width, clientHeight: height } = card;
  if (!width || !height) return;
  words.removeAttribute("data-cut");
  words.style.fontSize = `${2 * height}px`;
  const room = words.clientHeight;
  const broken = largest(words, Math.min(width * 0.115, height * 0.4), room, "anywhere");
  const whole = largest(words, broken, room, "normal");
  const isWhole = whole > 0 && whole >= broken * SMALLER_FOR_WHOLE_WORDS;
  words.style.overflowWrap = isWhole ? "normal" : "anywhere";
  words.style.fontSize = `${(isWhole ? whole : broken) || SMALLEST_PIXELS}px`;
  if (broken) return;
  // Too long for any size that can be read: it ends in an ellipsis, or scrolls where it stands alone.
  const lines = Math.floor(room / Number.parseFloat(getComputedStyle(words).lineHeight));
  words.style.setProperty("-webkit-line-clamp", Math.max(lines, 1));
  words.setAttribute("data-cut", "");
}

// Measures the cards whenever their room changes; only those that are seen, or next to be seen: there may be hundreds.
export class Fitting {
  constructor(cards) {
    this.sized = new ResizeObserver((changed) => changed.forEach(({ target }) => fit(target)));
    this.near = new IntersectionObserver((seen) => seen.forEach(({ isIntersecting, target }) => {
      if (isIntersecting) this.sized.observe(target);
      else this.sized.unobserve(target);
    }), { root: cards, rootMargin: "100%" });
  }

  begin(articles) {
    this.near.disconnect();
    this.sized.disconnect();
    articles.forEach((card) => this.near.observe(card));
  }
}
