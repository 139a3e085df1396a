// Elements and words. Text goes in as text: nothing here, or anywhere else in the playground, reads HTML.

/** An element; `on*` are listeners, `class`, `for` and other names are attributes, the rest are properties. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (["value", "checked", "disabled", "hidden", "selected", "open"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The page's words: `say("status", {tokens: 3})`. */
export function speaker(words, lang) {
  const number = new Intl.NumberFormat(lang === "zh" ? "zh-Hans" : lang === "pt" ? "pt-BR" : lang === "es" ? "es-MX" : lang);
  return (key, values = {}) =>
    (words[key] ?? key).replace(/{(\w+)}/g, (whole, name) => {
      const value = values[name];
      if (value === undefined) return "";
      return typeof value === "number" ? number.format(value) : String(value);
    });
}

// Chromium takes a minute to paste 100 KB of Chinese and emoji into a text area that wraps, and no time to have
// its value set.
const LONG = 10_000;

/** A `<textarea>` that takes long texts; `put` sets its text. */
export function textarea(properties) {
  const element = h("textarea", properties);
  const wrapped = element.getAttribute("wrap");
  const fit = () => {
    if (element.value.length > LONG) element.setAttribute("wrap", "off");
    else if (wrapped === null) element.removeAttribute("wrap");
  };
  element.put = (text) => {
    if (text.length > LONG) element.setAttribute("wrap", "off");
    element.value = text;
    fit();
  };
  element.addEventListener("input", fit);
  element.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text.length <= LONG / 10) return;
    event.preventDefault();
    const { selectionStart: start, selectionEnd: end, value } = element;
    element.put(value.slice(0, start) + text + value.slice(end));
    element.setSelectionRange(start + text.length, start + text.length);
    element.dispatchEvent(new Event("input"));
  });
  return element;
}

let numbered = 0;

/** A label and its field, tied by an id of their own. */
export function field(label, control, className = "") {
  control.id ||= `pg-${(numbered += 1)}`;
  return h("div", { class: `pg-field ${className}` }, h("label", { for: control.id }, label), control);
}

/** A `<select>`; options are `[value, words]`. */
export function select(options, chosen, onchange) {
  const element = h("select", { onchange: () => onchange(element.value) });
  element.append(...options.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
  return element;
}

/** Waits until nothing more comes for a moment. */
export function debounced(action, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(action, wait, ...given);
  };
}
