// The tokens: a list in which the arrow keys move, each read out as "token, id, supervised".
import { h } from "./dom.js";

const SHOWN = 600;
const VISIBLE = { "\n": "⏎", "\r": "␍", "\t": "⇥", " ": "␣" };

/** A token's text with white space that can be seen. */
export const visible = (text) =>
  text.replace(/^ /, "␣").replace(/[\n\r\t]/g, (character) => VISIBLE[character]).replace(/[\p{Cc}\p{Cf}\u2028\u2029\u00a0\u3000]/gu, hex);

const hex = (character) => `‹${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}›`;

/**
 * @param {object} options `{say, onchoose(place)}`.
 */
export function tokensView({ say, onchoose }) {
  const list = h("div", {
    class: "pg-tokens",
    role: "listbox",
    "aria-label": say("tokens"),
    tabindex: 0,
    onkeydown: (event) => moved(event),
    onclick: (event) => event.target !== list && choose([...list.children].indexOf(event.target.closest("[role=option]"))),
    onfocus: () => chosen < 0 && list.children.length && choose(0),
  });
  const more = h("button", { type: "button", hidden: true, onclick: () => grow() });
  const element = h("section", {}, h("h3", { class: "pg-h" }, say("tokens")), h("p", { class: "pg-note" }, say("tokens-legend")), list, more);
  let answer = null;
  let keys = [];
  let limit = SHOWN;
  let chosen = -1;
  const base = `pg-token-${Math.random().toString(36).slice(2, 8)}`;

  function show(given, fresh) {
    answer = given;
    if (fresh) limit = SHOWN;
    draw();
  }

  // Of the tokens on the page, those before and after the edit are left as they are.
  function draw() {
    const count = Math.min(answer.ids.length, limit);
    const kept = answer.places === null ? new Set() : new Set(answer.places);
    const next = [];
    for (let place = 0; place < count; place += 1) {
      const sign = kept.has(place) ? (answer.mask[place] ? "+" : "") : "x";
      next.push(`${answer.ids[place]}${split(place)}${sign}`);
    }
    let before = 0;
    while (before < count && before < keys.length && keys[before] === next[before]) before += 1;
    let after = 0;
    while (after < count - before && after < keys.length - before && keys[keys.length - 1 - after] === next[count - 1 - after]) after += 1;
    for (let place = keys.length - after - 1; place >= before; place -= 1) list.children[place].remove();
    const made = document.createDocumentFragment();
    for (let place = before; place < count - after; place += 1) made.append(option(place, next[place]));
    list.insertBefore(made, list.children[before] ?? null);
    keys = next;
    const left = answer.ids.length - count;
    more.hidden = left <= 0;
    more.textContent = say("more-tokens", { count: Math.min(left, SHOWN) });
    if (chosen >= count) choose(-1);
    else mark(chosen);
  }

  function option(place, key) {
    const id = answer.ids[place];
    const token = answer.tokens[id];
    const cut = key.endsWith("x");
    const supervised = key.endsWith("+");
    const words = label(place);
    const spoken = say(cut ? "token-cut" : supervised ? "token-supervised" : "token-plain", { token: words, id: String(id) });
    const state = cut ? "pg-cut" : supervised ? "pg-plus" : "pg-dot";
    return h(
      "span",
      { class: `pg-token ${state}${token.special ? " pg-special" : ""}`, role: "option", "aria-selected": "false", "aria-label": spoken, title: spoken, "data-id": id },
      token.bytes ? `${split(place)}⟨${token.bytes}⟩` : visible(token.text),
    );
  }

  /** The character that several tokens share, at the first of them; else nothing. */
  function split(place) {
    const token = answer.tokens[answer.ids[place]];
    const [start, end] = answer.offsets[place];
    if (!token.bytes || answer.offsets[place - 1]?.[1] === end) return "";
    return visible(answer.text.slice(start, end));
  }

  /** A token in words; one that is part of a character names the character. */
  function label(place) {
    const token = answer.tokens[answer.ids[place]];
    if (!token.bytes) return visible(token.text);
    const [start, end] = answer.offsets[place];
    return `${split(place)}⟨${token.bytes}⟩ (${say("part", { character: answer.text.slice(start, end) })})`;
  }

  function mark(place) {
    const before = list.querySelector("[aria-selected=true]");
    if (before) {
      before.setAttribute("aria-selected", "false");
      before.removeAttribute("id");
    }
    list.removeAttribute("aria-activedescendant");
    const option_ = place < 0 ? null : list.children[place];
    if (!option_) return;
    option_.setAttribute("aria-selected", "true");
    option_.id = base;
    list.setAttribute("aria-activedescendant", base);
  }

  function choose(place) {
    chosen = place;
    mark(place);
    if (place >= 0) onchoose(place);
  }

  function moved(event) {
    const last = list.children.length - 1;
    const to = { ArrowRight: chosen + 1, ArrowDown: chosen + 1, ArrowLeft: chosen - 1, ArrowUp: chosen - 1, Home: 0, End: last, PageDown: chosen + 20, PageUp: chosen - 20 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(last, to)));
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function grow() {
    limit += SHOWN;
    draw();
  }

  return { element, show, choose };
}
