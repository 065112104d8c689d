// The stage: one tagline after the other, all of them, or the vote; by keyboard, mouse and touch.
// The page works without this script as a row of cards to scroll through; the server alone renders.

const root = document.documentElement;
const board = root.dataset.board;
const byId = (id) => document.getElementById(id);
const cards = byId("cards");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const POLL_MILLISECONDS = 2000;
const IDLE_MILLISECONDS = 3500;
const REST_MILLISECONDS = 150;

let current = 0;
let names = null;
let idle = 0;
let resting = 0;
let isAsking = false;

const articles = () => [...cards.querySelectorAll("article")];

function say(text) {
  byId("notice").textContent = text;
}

function view() {
  return root.dataset.view;
}

function show(wanted) {
  root.dataset.view = wanted;
  for (const name of ["grid", "vote"]) {
    press(name, wanted === name);
  }
  cards.inert = wanted === "vote";
  for (const link of cards.querySelectorAll("a.open")) {
    link.tabIndex = wanted === "grid" ? 0 : -1;
  }
  fitAll();
  settle("instant");
}

function press(name, isOn) {
  document.querySelector(`nav [data-do="${name}"]`).setAttribute("aria-pressed", isOn);
}

// Move to a card; in the grid it is marked, alone it is scrolled to.
function go(index, behavior = calm.matches ? "instant" : "smooth") {
  const all = articles();
  current = Math.max(0, Math.min(index, all.length - 1));
  settle(behavior);
  if (all.length && view() === "one") byId("spoken").textContent = all[current].querySelector("h2").textContent;
}

function settle(behavior) {
  const all = articles();
  all.forEach((card, index) => {
    card.toggleAttribute("data-current", index === current);
    card.inert = view() === "one" && index !== current;
  });
  const here = all[current];
  if (here && view() === "one") cards.scrollTo({ left: here.offsetLeft - cards.offsetLeft, behavior });
  if (here && view() === "grid") here.scrollIntoView({ block: "nearest", behavior });
  byId("counter").textContent = all.length ? `${current + 1} / ${all.length}` : "";
}

// The largest type in which a card's words fit; the stylesheet's own sizes are a first guess by length.
function fit(card) {
  const words = card.querySelector("h2");
  words.style.fontSize = "";
  const width = card.clientWidth;
  const below = card.querySelector(".stored")?.offsetHeight ?? 0;
  const room = (card.clientHeight - below) * (view() === "grid" ? 0.62 : 0.72);
  if (!width || !room) return;
  const fits = (size) => {
    words.style.fontSize = `${size}px`;
    return words.scrollHeight <= room && words.scrollWidth <= words.clientWidth + 1;
  };
  let low = 13;
  let high = Math.min(width * 0.115, room * 0.5, view() === "grid" ? 72 : 240);
  for (let step = 0; step < 7; step += 1) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  words.style.fontSize = `${Math.floor(low)}px`;
}

// Measured once a card has its place, and again whenever that changes.
const sized = new ResizeObserver((changed) => {
  for (const { target } of changed) fit(target);
});

// Only what is seen, or next to be seen, is measured: a board may hold hundreds of cards.
const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (isIntersecting) sized.observe(target);
    else sized.unobserve(target);
  }
}, { root: cards, rootMargin: "100%" });

function fitAll() {
  near.disconnect();
  sized.disconnect();
  for (const card of articles()) near.observe(card);
  const here = articles()[current];
  if (here) fit(here);
}

async function reveal() {
  if (names) {
    names = null;
  } else {
    const answer = await ask(`/stage/${board}/names`);
    if (!answer) return;
    names = answer.names;
  }
  press("names", names !== null);
  label();
}

function label() {
  for (const card of articles()) {
    card.querySelector(".by").textContent = names?.[card.id.replace("card-", "")] ?? "";
  }
}

// JSON of the server; null when there is none, and then it is said why.
async function ask(address, more = {}) {
  let answer;
  try {
    answer = await fetch(address, { redirect: "manual", headers: { Accept: "application/json" }, ...more });
  } catch {
    say("No connection. What is shown stays; it is tried again.");
    return null;
  }
  if (answer.type === "opaqueredirect") {
    say("You are signed out. Load the page again to sign in.");
    return null;
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) say([told.title, told.remedy].filter(Boolean).join(" ") || "The board could not be read.");
  return answer.ok ? told : null;
}

async function follow() {
  if (document.hidden || isAsking) return;
  isAsking = true;
  const told = await ask(`/stage/${board}/state`);
  if (told && byId("notice").textContent.startsWith("No connection")) say("");
  if (told && told.state !== root.dataset.state) await update();
  isAsking = false;
}

// The server renders; what differs is taken over, so that nothing flickers and no place is lost.
async function update() {
  const answer = await fetch(`/stage/${board}`, { redirect: "manual" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!fresh.documentElement.dataset.state) return;
  const shown = articles()[current]?.id;
  const place = fresh.getElementById("cards");
  if (sum(place) !== sum(cards)) {
    cards.replaceChildren(...place.childNodes);
    const at = articles().findIndex((card) => card.id === shown);
    current = at < 0 ? Math.min(current, Math.max(articles().length - 1, 0)) : at;
    if (names) names = (await ask(`/stage/${board}/names`))?.names ?? null;
    label();
    show(view());
  }
  takeVote(fresh.getElementById("vote"));
  root.dataset.state = fresh.documentElement.dataset.state;
}

function sum(place) {
  return [...place.querySelectorAll("article, .empty")]
    .map((card) => `${card.id}:${card.querySelector("h2")?.textContent}`)
    .join("\n");
}

function takeVote(fresh) {
  const vote = byId("vote");
  const shape = (part) => [...part.querySelectorAll(".address, li progress")].map((each) => each.id || each.textContent);
  const isSame = fresh.querySelector("form button")?.value === vote.querySelector("form button")?.value;
  if (!isSame || String(shape(fresh)) !== String(shape(vote))) {
    vote.replaceChildren(...fresh.childNodes);
    return;
  }
  const parts = (part) => [...part.querySelectorAll("li, li b, li progress, .cast")];
  parts(vote).forEach((part, index) => {
    const next = parts(fresh)[index];
    if (part.tagName === "PROGRESS") [part.max, part.value] = [next.max, next.value];
    else if (part.tagName === "LI") part.className = next.className;
    else part.textContent = next.textContent;
  });
}

function theme() {
  const isDark = getComputedStyle(root).colorScheme.startsWith("dark") ||
    (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = isDark ? "light" : "dark";
}

function full() {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen().catch(() => say("This browser does not show pages in full screen."));
}

function leave() {
  if (view() === "one") location.assign(document.querySelector('[data-do="close"]').href);
  else show("one");
}

const actions = {
  previous: () => go(current - 1),
  next: () => go(current + 1),
  grid: () => show(view() === "grid" ? "one" : "grid"),
  vote: () => show(view() === "vote" ? "one" : "vote"),
  names: reveal,
  theme,
  full,
};

const keys = {
  ArrowRight: actions.next, ArrowDown: actions.next, PageDown: actions.next,
  ArrowLeft: actions.previous, ArrowUp: actions.previous, PageUp: actions.previous,
  Home: () => go(0), End: () => go(Infinity),
  g: actions.grid, n: actions.names, v: actions.vote, t: theme, f: full,
  Escape: leave,
};

function wake() {
  root.removeAttribute("data-idle");
  clearTimeout(idle);
  idle = setTimeout(() => root.setAttribute("data-idle", ""), IDLE_MILLISECONDS);
}

addEventListener("keydown", (event) => {
  wake();
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const onControl = event.target.closest("button, a");
  if (event.key === " " || event.key === "Enter") {
    if (onControl) return;
    event.preventDefault();
    if (view() === "grid") show("one");
    else if (view() === "one") go(current + (event.shiftKey ? -1 : 1));
    return;
  }
  const act = keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!act || (view() === "vote" && event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  act();
});

document.querySelector("nav").addEventListener("click", (event) => {
  const act = actions[event.target.closest("button")?.dataset.do];
  if (!act) return;
  act();
  // After a click, the space bar belongs to the cards again.
  if (event.detail > 0) document.activeElement.blur();
});

cards.addEventListener("click", (event) => {
  const link = event.target.closest("a.open");
  if (!link) return;
  event.preventDefault();
  current = articles().indexOf(link.closest("article"));
  show("one");
  cards.focus({ preventScroll: true });
});

// Swiping scrolls by itself; where it comes to rest is the current card. (Not every browser tells the end.)
cards.addEventListener("scroll", () => {
  clearTimeout(resting);
  resting = setTimeout(() => {
    if (view() !== "one" || !cards.clientWidth) return;
    const at = Math.round(Math.abs(cards.scrollLeft) / cards.clientWidth);
    if (at !== current) go(at, "instant");
  }, REST_MILLISECONDS);
}, { passive: true });

// A vote is opened and closed without leaving full screen.
byId("vote").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(event.target, event.submitter));
  event.submitter.disabled = true;
  say("");
  const button = event.submitter;
  await ask(event.target.action, { method: "POST", body: fields, redirect: "follow" });
  button.disabled = false;
  await update();
});

for (const name of ["pointermove", "pointerdown", "focusin"]) addEventListener(name, wake, { passive: true });
addEventListener("resize", () => {
  fitAll();
  settle("instant");
});
document.addEventListener("visibilitychange", follow);
document.addEventListener("fullscreenchange", () => press("full", document.fullscreenElement !== null));
document.querySelector('[data-do="full"]').hidden = !document.fullscreenEnabled;

async function stayAwake() {
  if (!document.hidden) await navigator.wakeLock?.request("screen").catch(() => null);
}

show({ "#vote": "vote", "#grid": "grid" }[location.hash] ?? "one");
document.fonts.ready.then(() => {
  fitAll();
  settle("instant");
});
cards.focus({ preventScroll: true });
wake();
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
setInterval(follow, POLL_MILLISECONDS);
