// The stage: one tagline after the other, all of them, or the vote; by keyboard, mouse and touch.
// The page works without this script as a row of cards to scroll through; the server alone renders.

import { ask, follow, say } from "./stage_live.js";
import { Fitting, fit } from "./stage_type.js";

const root = document.documentElement;
const address = `/stage/${root.dataset.board}`;
const byId = (id) => document.getElementById(id);
const cards = byId("cards");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const fitting = new Fitting(cards);
const IDLE_MILLISECONDS = 3500;
const REST_MILLISECONDS = 150;

let current = 0;
let names = null;
let idle = 0;
let resting = 0;

const articles = () => [...cards.querySelectorAll("article")];
const view = () => root.dataset.view;

function show(wanted) {
  root.dataset.view = wanted;
  press("grid", wanted === "grid");
  press("vote", wanted === "vote");
  cards.inert = wanted === "vote";
  for (const link of cards.querySelectorAll("a.open")) link.tabIndex = wanted === "grid" ? 0 : -1;
  place();
}

function press(name, isOn) {
  document.querySelector(`nav [data-do="${name}"]`).setAttribute("aria-pressed", isOn);
}

// Everything is measured and put where it belongs.
function place() {
  fitting.begin(articles());
  settle("instant");
}

// Move to a card; in the grid it is marked, alone it is scrolled to.
function go(index, behavior = calm.matches ? "instant" : "smooth") {
  current = Math.max(0, Math.min(index, articles().length - 1));
  settle(behavior);
  speak();
}

function settle(behavior) {
  clearTimeout(resting);
  const all = articles();
  all.forEach((card, index) => {
    card.toggleAttribute("data-current", index === current);
    card.inert = view() === "one" && index !== current;
  });
  const here = all[current];
  if (here) fit(here);
  if (here && view() === "one") cards.scrollTo({ left: here.offsetLeft - cards.offsetLeft, behavior });
  if (here && view() === "grid") here.scrollIntoView({ block: "nearest", behavior });
  byId("counter").textContent = all.length ? `${current + 1} / ${all.length}` : "";
}

// For people who listen: the tagline, and who wrote it where that is shown.
function speak() {
  const parts = articles()[current]?.querySelectorAll("h2, .by") ?? [];
  byId("spoken").textContent = [...parts].map((part) => part.textContent).filter(Boolean).join(" – ");
}

async function reveal() {
  names = names ? null : ((await ask(`${address}/names`))?.names ?? null);
  press("names", names !== null);
  label();
  speak();
}

function label() {
  for (const card of articles()) card.querySelector(".by").textContent = names?.[card.id.replace("card-", "")] ?? "";
}

// The cards as they are now; the place among them is kept.
async function take(fresh) {
  const words = (part) => [...part.querySelectorAll("article, .empty")]
    .map((card) => `${card.id}:${card.querySelector("h2")?.textContent}`).join("\n");
  const next = fresh.getElementById("cards");
  if (words(next) === words(cards)) return;
  const shown = articles()[current]?.id;
  cards.replaceChildren(...next.childNodes);
  const at = articles().findIndex((card) => card.id === shown);
  current = at < 0 ? Math.max(Math.min(current, articles().length - 1), 0) : at;
  show(view());
  if (names) names = (await ask(`${address}/names`))?.names ?? null;
  label();
}

function theme() {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
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
  if (event.key === " " || event.key === "Enter") {
    if (event.target.closest("button, a")) return;
    event.preventDefault();
    if (view() === "grid") show("one");
    else if (view() === "one") go(current + (event.shiftKey ? -1 : 1));
    return;
  }
  const act = keys[event.key] ?? keys[event.key.toLowerCase()];
  // Beside the vote no card is turned: these keys scroll it where it is long.
  if (!act || (view() === "vote" && event.key.length > 1 && event.key !== "Escape")) return;
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
    const at = Math.abs(cards.scrollLeft) / cards.clientWidth;
    if (Math.abs(at - Math.round(at)) < 0.01 && Math.round(at) !== current) go(Math.round(at), "instant");
  }, REST_MILLISECONDS);
}, { passive: true });

async function stayAwake() {
  if (!document.hidden) await navigator.wakeLock?.request("screen").catch(() => null);
}

for (const name of ["pointermove", "pointerdown", "focusin"]) addEventListener(name, wake, { passive: true });
addEventListener("resize", place);
document.addEventListener("fullscreenchange", () => press("full", document.fullscreenElement !== null));
document.addEventListener("visibilitychange", stayAwake);
document.querySelector('[data-do="full"]').hidden = !document.fullscreenEnabled;

press("names", false);
press("full", false);
show({ "#vote": "vote", "#grid": "grid" }[location.hash] ?? "one");
document.fonts.ready.then(place);
cards.focus({ preventScroll: true });
wake();
stayAwake();
follow(address, take);
