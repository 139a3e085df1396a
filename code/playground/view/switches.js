// The template and the switches.
import { LIMITS } from "../engine/state.js";
import { POLICIES, SIDES } from "../engine/rows.js";
import { MODES } from "../engine/masks.js";
import { field, h, select, textarea } from "./dom.js";

/**
 * @param {object} options `{say, templates, onchange(change)}`; templates: name -> Jinja source.
 * @returns {{element: HTMLElement, show(state): void}}
 */
export function switches({ say, templates, onchange }) {
  const names = Object.keys(templates).map((name) => [name, name]);
  const template = select([...names, ["", say("template-own")]], "smollm2", (name) => name && onchange({ template: name, source: null }));
  template.options[names.length].hidden = true;
  const source = textarea({
    class: "pg-code",
    rows: 10,
    spellcheck: "false",
    "aria-label": say("source"),
    maxlength: LIMITS.template,
    oninput: () => onchange({ source: source.value }),
  });
  const restore = h("button", { type: "button", onclick: () => onchange({ source: null }) }, say("restore"));
  const prompt = h("input", { type: "checkbox", onchange: () => onchange({ prompt: prompt.checked }) });
  const mode = select(MODES.map((name) => [name, say(`mode-${name}`)]), MODES[0], (name) => onchange({ mode: name }));
  const limit = number((value) => onchange({ max_length: value }));
  const truncation = select(POLICIES.map((name) => [name, name]), POLICIES[0], (name) => onchange({ truncation: name }));
  const width = number((value) => onchange({ width: value }));
  const side = select(SIDES.map((name) => [name, say(`side-${name}`)]), SIDES[0], (name) => onchange({ side: name }));
  const pack = h("input", { type: "checkbox", onchange: () => onchange({ pack: pack.checked }) });

  function number(onvalue) {
    const input = h("input", {
      type: "number",
      min: 1,
      max: LIMITS.length,
      placeholder: say("no-limit"),
      oninput: () => {
        const value = input.valueAsNumber;
        if (Number.isNaN(value)) onvalue(null);
        else if (input.validity.valid && Number.isInteger(value)) onvalue(value);
      },
    });
    return input;
  }

  const element = h(
    "fieldset",
    { class: "pg-switches" },
    h("legend", {}, say("switches")),
    h(
      "div",
      { class: "pg-grid" },
      field(say("template"), template),
      field(say("mode"), mode),
      field(say("max-length"), limit),
      field(say("truncation"), truncation),
      field(say("width"), width),
      field(say("side"), side),
    ),
    h("label", { class: "pg-check" }, prompt, " ", say("prompt")),
    h("label", { class: "pg-check" }, pack, " ", say("pack")),
    h("details", {}, h("summary", {}, say("source")), source, h("p", { class: "pg-note" }, say("source-note")), restore),
  );

  const put = (control, value) => {
    if (document.activeElement !== control) control.value = value ?? "";
  };

  function show(state) {
    template.value = state.source === null ? state.template : "";
    put(source, state.source ?? templates[state.template]);
    restore.disabled = state.source === null;
    prompt.checked = state.prompt;
    mode.value = state.mode;
    put(limit, state.max_length);
    truncation.value = state.truncation;
    truncation.disabled = state.max_length === null;
    put(width, state.width);
    width.disabled = side.disabled = state.second !== null;
    side.value = state.side;
    pack.checked = state.second !== null;
  }

  return { element, show };
}
