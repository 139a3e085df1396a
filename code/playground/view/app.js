// One playground on a page: its state, who changes it, and who shows it.
import { asJsonl, asPython } from "../engine/copies.js";
import { TEMPLATES } from "../engine/shipped.js";
import { DEFAULTS, decodeState, encodeState, validState } from "../engine/state.js";
import { Client } from "./client.js";
import { debounced, field, h, select, speaker } from "./dom.js";
import { editor } from "./editor.js";
import { findingsView } from "./findings.js";
import { rowsView } from "./rows.js";
import { switches } from "./switches.js";
import { textView } from "./text.js";
import { tokensView } from "./tokens.js";

/** Builds the playground in `root` from the data that the page carries (code/sitekit/playground.py). */
export function start(root, data) {
  const say = speaker(data.words, data.lang);
  const whole = root.ownerDocument.location.pathname === new URL(data.playground, document.baseURI).pathname;
  let state;
  let parallel = null;

  const wait = h("p", { class: "pg-wait" }, say("fetching", { share: 0 }));
  const client = new Client(new URL(data.assets, document.baseURI).href, (share) => {
    wait.textContent = share < 1 ? say("fetching", { share: Math.round(100 * share) }) : "";
  }, globalThis.playgroundAhead);
  globalThis.playgroundAhead = undefined; // one worker serves one playground

  const form = editor({ say, title: say("conversation"), onchange: (messages) => change({ messages }), onrefusal: refuse });
  const other = editor({ say, title: say("second"), onchange: (messages) => change({ second: messages }), onrefusal: refuse });
  const controls = switches({ say, templates: TEMPLATES, onchange: (given) => change(withSecond(given)) });
  const text = textView({ say });
  const rows = rowsView({ say });
  const tokens = tokensView({ say, onchoose: (place) => rows.choose(place) });
  const findings = findingsView({ say, titles: data.findings, doctor: data.doctor });
  const status = h("p", { class: "pg-status", role: "status" });
  const cost = h("p", { class: "pg-cost" });
  const refusal = h("div", { class: "pg-refusal", role: "alert", hidden: true });
  const results = h("div", { class: "pg-results" }, status, cost, text.element, tokens.element, rows.element, findings.element);
  const picker = select([...Object.keys(data.cases).map((name) => [name, say(`case-${name}`)]), ["", say("case-own")]], data.case, (name) => name && open(name));
  picker.options[picker.options.length - 1].hidden = true;

  const open_ = h("a", { class: "pg-open", href: data.playground }, say("open"));
  const said = h("span", { class: "pg-said-copied", role: "status" });
  const copies = h(
    "div",
    { class: "pg-buttons" },
    whole ? h("button", { type: "button", onclick: () => copy(() => new URL(`#${encodeState(state)}`, location.href).href) }, say("share")) : open_,
    h("button", { type: "button", onclick: () => copy(() => asPython(state)) }, say("copy-python")),
    h("button", { type: "button", onclick: () => copy(() => asJsonl(state)) }, say("copy-jsonl")),
    said,
  );
  const editors = h("div", { class: "pg-editors" }, form.element, other.element);
  const inputs = whole ? editors : h("details", { class: "pg-fold" }, h("summary", {}, say("conversation")), editors);
  root.replaceChildren(field(say("case"), picker, "pg-case"), inputs, controls.element, refusal, wait, results, copies);
  results.hidden = true;

  const writeAddress = debounced(() => {
    let fragment;
    try {
      fragment = `#${encodeState({ ...DEFAULTS, ...state })}`;
    } catch {
      fragment = "";
    }
    if (!whole) open_.href = data.playground + fragment;
    else if (parallel === null || location.hash.startsWith("#case=")) history.replaceState(null, "", fragment || location.pathname);
  }, 300);

  // The address is read on the playground's own page alone: elsewhere, what follows # is a section.
  let shared = null;
  try {
    shared = whole ? decodeState(location.hash) : null;
  } catch (fault) {
    open(data.case, fault);
    return;
  }
  if (shared) {
    picker.value = "";
    set(shared);
  } else open(data.case);

  function open(name, fault = null) {
    picker.value = name;
    parallel = data.cases[name].parallel;
    set(validState(data.cases[name].state), fault);
  }

  function set(next, fault = null) {
    state = next;
    form.show(state.messages);
    if (state.second) other.show(state.second);
    update(true, fault);
  }

  function change(given) {
    if ("messages" in given) {
      parallel = null;
      picker.value = "";
    }
    const before = state;
    state = { ...state, ...given };
    if (state.second && !before.second) other.show(state.second);
    update(false);
  }

  // The switch for packing brings a second conversation along: the next prepared one.
  function withSecond({ pack, ...given }) {
    if (pack === undefined) return given;
    if (!pack) return { ...given, second: null };
    return { ...given, second: data.cases.packing.state.second, max_length: state.max_length ?? 256 };
  }

  async function update(fresh, fault = null) {
    controls.show(state);
    other.element.hidden = state.second === null;
    writeAddress();
    let found;
    try {
      found = await client.ask(state, parallel);
    } catch (error) {
      wait.textContent = say("failed", { said: error.message });
      return;
    }
    if (found === null) return;
    wait.textContent = "";
    if (found.refusal) refuse(found.refusal);
    else {
      results.hidden = false;
      show(found.answer, fresh);
      if (fault) refuse(fault);
    }
  }

  function show(answer, fresh) {
    refusal.hidden = true;
    results.classList.remove("pg-stale");
    const supervised = answer.mask.reduce((sum, wrote) => sum + wrote, 0);
    const share = Math.round((1000 * supervised) / (answer.mask.length || 1)) / 10;
    const cut = answer.places === null ? say("dropped") : answer.cut.tokens ? say("after-cut", { tokens: answer.places.length }) : "";
    status.textContent = [say("status", { tokens: answer.ids.length, supervised, share }), cut].filter(Boolean).join(" · ");
    cost.textContent = answer.cost
      ? say("cost", { list: ["pt", "es", "zh", "en"].map((lang) => `${lang} ${answer.cost[lang]}`).join(" · ") })
      : "";
    tokens.show(answer, fresh);
    rows.show(answer);
    text.show(answer);
    findings.show(answer);
    root.dataset.shown = String(Number(root.dataset.shown ?? 0) + 1);
  }

  function refuse({ code, detail }) {
    const where = detail?.line ? h("p", {}, say("at-line", detail)) : detail?.said && !["json", "too-long"].includes(code) ? h("p", {}, h("code", {}, detail.said)) : null;
    refusal.replaceChildren(h("p", {}, h("strong", {}, `${say("refused")}: `), say(`refusal-${code}`, detail)), ...(where ? [where] : []));
    refusal.hidden = false;
    // What is shown belongs to the last case that had an answer.
    results.classList.add("pg-stale");
    root.dataset.shown = String(Number(root.dataset.shown ?? 0) + 1);
  }

  function copy(make) {
    let words;
    try {
      words = make();
    } catch (fault) {
      refuse(fault);
      return;
    }
    const told = (key) => {
      said.textContent = say(key);
    };
    navigator.clipboard?.writeText(words).then(() => told("copied"), () => told("not-copied")) ?? told("not-copied");
  }
}
