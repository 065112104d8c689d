// Shows by itself that the vote was closed, or that the same person voted elsewhere; voting works without this script.

const POLL_MILLISECONDS = 3000;

async function follow() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`${location.pathname}/state`, { redirect: "manual" });
    if (answer.ok && (await answer.json()).state !== document.documentElement.dataset.state) location.reload();
  } catch {
    // No connection at the moment: it is asked again.
  }
}

setInterval(follow, POLL_MILLISECONDS);
document.addEventListener("visibilitychange", follow);
addEventListener("pageshow", follow);
