// What the server knows: asked for again and again, and taken over only where it differs, so that nothing flickers.

const POLL_MILLISECONDS = 2000;
const notice = document.getElementById("notice");
const vote = document.getElementById("vote");

let trouble = "";
let isAsking = false;

export function say(text) {
  // The same words again would be read out again.
  if (notice.textContent !== text) notice.textContent = text;
}

// JSON of the server; null when there is none, and then it is said why.
export async function ask(address, more = {}) {
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

// Calls `take` with the page as it is now, each time it shows something else.
export function follow(address, take) {
  const root = document.documentElement;

  async function update() {
    const answer = await fetch(address, { redirect: "manual" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!fresh.documentElement.dataset.state) return;
    await take(fresh);
    takeVote(fresh.getElementById("vote"));
    root.dataset.state = fresh.documentElement.dataset.state;
  }

  async function look() {
    if (document.hidden || isAsking) return;
    isAsking = true;
    try {
      const told = await ask(`${address}/state`);
      if (told && notice.textContent === trouble) say("");
      trouble = told ? "" : notice.textContent;
      if (told && told.state !== root.dataset.state) await update();
    } catch {
      // The connection broke on the way: it is asked again.
    } finally {
      isAsking = false;
    }
  }

  // A vote is opened and closed without leaving full screen.
  vote.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    const body = new URLSearchParams(new FormData(event.target, button));
    button.disabled = true;
    say("");
    await ask(event.target.action, { method: "POST", body, redirect: "follow" });
    button.disabled = false;
    await update().catch(() => null);
  });

  document.addEventListener("visibilitychange", look);
  setInterval(look, POLL_MILLISECONDS);
}

function takeVote(fresh) {
  const shape = (part) => [...part.querySelectorAll(".address, li progress, form button")]
    .map((each) => each.id || each.value || each.textContent).join();
  if (shape(fresh) !== shape(vote)) {
    vote.replaceChildren(...fresh.childNodes);
    return;
  }
  const parts = (part) => [...part.querySelectorAll("li, li b, li progress, .cast")];
  const next = parts(fresh);
  parts(vote).forEach((part, index) => {
    if (part.tagName === "PROGRESS") [part.max, part.value] = [next[index].max, next[index].value];
    else if (part.tagName === "LI") part.className = next[index].className;
    else part.textContent = next[index].textContent;
  });
}
