// input_ids, labels and the shift, some positions at a time.
import { h, select } from "./dom.js";
import { visible } from "./tokens.js";

const WINDOW = 12;

export function rowsView({ say }) {
  const table = h("table", { class: "pg-rows" });
  const chooser = h("div", { class: "pg-field" });
  const earlier = h("button", { type: "button", onclick: () => go(-WINDOW) }, `← ${say("earlier")}`);
  const later = h("button", { type: "button", onclick: () => go(WINDOW) }, `${say("later")} →`);
  const element = h(
    "section",
    {},
    h("h3", { class: "pg-h" }, say("rows")),
    h("p", { class: "pg-note" }, say("shift-note")),
    chooser,
    h("div", { class: "pg-scroll", tabindex: 0, role: "region", "aria-label": say("rows") }, table),
    h("div", { class: "pg-buttons" }, earlier, later),
  );
  let rows = [];
  let shown = 0;
  let start = 0;
  let tokens = {};
  let places = [];

  function show(answer) {
    tokens = answer.tokens;
    places = answer.places ?? [];
    rows = answer.row ? [["row-alone", answer.row]] : [];
    if (answer.padded) rows.push(["row-padded", answer.padded]);
    (answer.packs ?? []).forEach((pack, index) => rows.push(["row-pack", pack, { number: index + 1 }]));
    // What was asked for is shown: the padded row, or the pack.
    if (rows.length !== chooser.dataset.count * 1) {
      shown = rows.length > 1 ? 1 : 0;
      chooser.dataset.count = rows.length;
    }
    chooser.replaceChildren();
    if (rows.length > 1) {
      const options = rows.map(([key, , values], index) => [String(index), say(key, values)]);
      const chosen = select(options, String(shown), (value) => {
        shown = Number(value);
        start = 0;
        draw();
      });
      chosen.setAttribute("aria-label", say("row-shown"));
      chooser.append(chosen);
    }
    draw();
  }

  /** Moves to the position that a token of the conversation has in the row. */
  function choose(place) {
    const at = places.indexOf(place);
    if (at < 0) return;
    const row = rows[shown]?.[1];
    const padding = row?.attention_mask ? Math.max(0, row.attention_mask.indexOf(1)) : 0;
    const second = row?.members && row.members[0] !== 0 && row.members.includes(0) ? row.seq_lengths[0] : 0;
    start = at + padding + second - Math.floor(WINDOW / 3);
    draw(at + padding + second);
  }

  function go(step) {
    start += step;
    draw();
  }

  function draw(marked = -1) {
    const row = rows[shown]?.[1];
    const length = row?.input_ids.length ?? 0;
    start = Math.max(0, Math.min(start, length - WINDOW));
    earlier.disabled = start === 0;
    later.disabled = start + WINDOW >= length;
    const at = Array.from({ length: Math.min(WINDOW, length - start) }, (_, index) => start + index);
    const line = (name, cell, tag = "td") =>
      h("tr", {}, h("th", { scope: "row" }, name), ...at.map((place) => h(tag, { class: classOf(row, place, marked), ...(tag === "th" ? { scope: "col" } : {}) }, cell(place))));
    const lines = row
      ? [
          line(say("position"), (place) => String(place), "th"),
          line(say("token"), (place) => text(row.input_ids[place])),
          line("input_ids", (place) => String(row.input_ids[place])),
          ...(row.attention_mask ? [line("attention_mask", (place) => String(row.attention_mask[place]))] : []),
          ...(row.position_ids ? [line("position_ids", (place) => String(row.position_ids[place]))] : []),
          line("labels", (place) => String(row.labels[place])),
          line(say("shift"), (place) => (place + 1 < length ? target(row.labels[place + 1]) : "")),
        ]
      : [];
    table.replaceChildren(h("tbody", {}, ...lines));
  }

  const classOf = (row, place, marked) =>
    [
      place === marked ? "pg-marked" : "",
      row.labels[place] >= 0 ? "pg-plus" : "",
      row.attention_mask?.[place] === 0 ? "pg-pad" : "",
      row.position_ids?.[place] === 0 ? "pg-begins" : "",
    ].join(" ").trim() || null;
  const text = (id) => (tokens[id].bytes ? `⟨${tokens[id].bytes}⟩` : visible(tokens[id].text));
  const target = (id) => (id < 0 ? "–" : text(id));

  return { element, show, choose };
}
