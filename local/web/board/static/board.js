// Open pages follow what happens: the parts marked with data-live are fetched anew and put in where they differ.
"use strict";

const PAUSE = 400; // milliseconds between two looks
let waiting = null;

async function refresh() {
  waiting = null;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (other && !part.contains(document.activeElement) && other.innerHTML !== part.innerHTML) {
      part.replaceChildren(...other.childNodes);
    }
    if (other && other.dataset.offer !== undefined) offer(part, other.dataset.offer);
  }
}

// A suggestion goes into the reply box as long as nobody has written there.
function offer(part, text) {
  const box = document.getElementById("body");
  if (box && (box.value === "" || box.value === part.dataset.offer)) box.value = text;
  part.dataset.offer = text;
}

function soon() {
  waiting ??= setTimeout(refresh, PAUSE);
}

const events = new EventSource("/events");
events.onmessage = soon;
events.onopen = soon; // what happened while nobody listened
addEventListener("pagehide", () => events.close());
