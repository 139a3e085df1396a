// The rendered text, the messages' own words in the colour of their role, line ends and tabs made visible.
import { h } from "./dom.js";

const SHOWN = 20_000;

export function textView({ say }) {
  const shown = h("pre", { class: "pg-text", tabindex: 0, role: "region", "aria-label": say("text") });
  const note = h("p", { class: "pg-note" });
  const element = h("section", {}, h("h3", { class: "pg-h" }, say("text")), h("p", { class: "pg-note" }, say("text-legend")), shown, note);

  function show({ text, regions }) {
    const pieces = [];
    let place = 0;
    const plain = (end) => place < end && pieces.push(text.slice(place, end));
    for (const [start, end, role] of regions) {
      if (start >= SHOWN) break;
      plain(start);
      pieces.push(h("span", { class: `pg-said pg-${role}`, title: role }, text.slice(start, Math.min(end, SHOWN))));
      place = end;
    }
    plain(Math.min(text.length, SHOWN));
    shown.replaceChildren(...pieces);
    note.textContent = text.length > SHOWN ? say("text-cut", { shown: SHOWN, count: text.length }) : "";
  }

  return { element, show };
}
