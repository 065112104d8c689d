// Notes when Enter was pressed and when each token of the stub's answer was first in the page.
// Times are milliseconds since the epoch, so that they compare with the stub's.
window.stopwatch = (() => {
  const painted = [];
  let enter = 0;
  const now = (stamp = performance.now()) => performance.timeOrigin + stamp;
  const latestToken = (text) => {
    for (let at = text.lastIndexOf("t"); at >= 0; at = at ? text.lastIndexOf("t", at - 1) : -1) {
      if (/^t\d{4}/.test(text.slice(at, at + 5))) return Number(text.slice(at + 1, at + 5));
    }
    return -1;
  };
  const look = () => {
    const answers = enter ? document.querySelectorAll("[data-testid=stChatMessage], #answer") : [];
    const latest = answers.length ? latestToken(answers[answers.length - 1].textContent) : -1;
    while (painted.length <= latest) painted.push(now());
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !enter) enter = now(event.timeStamp);
  }, true);
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });
  return { read: () => ({ enter, painted }) };
})();
