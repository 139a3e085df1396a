// The conversation as a form and as JSON; both show the same messages.
import { ROLES, validMessages } from "../engine/state.js";
import { h, textarea } from "./dom.js";

// More would make the page slow to type in; they stay in the conversation, and in its JSON.
const SHOWN = 40;

/**
 * An editor of one conversation.
 *
 * @param {object} options `{say, title, onchange(messages), onrefusal(refusal)}`.
 * @returns {{element: HTMLElement, show(messages): void}}
 */
export function editor({ say, title, onchange, onrefusal }) {
  let messages = [];
  const turns = h("ol", { class: "pg-turns" });
  const system = h("input", { type: "checkbox", onchange: () => toggleSystem() });
  const more = h("p", { class: "pg-note" });
  const json = textarea({ class: "pg-code", rows: 6, spellcheck: "false", "aria-label": say("json"), oninput: () => readJson() });
  const element = h(
    "fieldset",
    { class: "pg-conversation" },
    h("legend", {}, title),
    h("label", { class: "pg-check" }, system, " ", say("system")),
    turns,
    more,
    h("button", { type: "button", onclick: () => add() }, say("add")),
    h("details", {}, h("summary", {}, say("json")), json),
  );

  function show(given, focus = null) {
    messages = given;
    system.checked = messages[0]?.role === "system";
    turns.replaceChildren(...messages.slice(0, SHOWN).map(turn));
    more.textContent = messages.length > SHOWN ? say("more-messages", { count: messages.length - SHOWN }) : "";
    showJson();
    if (focus) turns.children[focus[0]]?.querySelector(focus[1])?.focus();
  }

  function showJson() {
    if (document.activeElement !== json) json.put(JSON.stringify(messages, null, 2));
  }

  function turn(message, index) {
    const number = index + 1;
    const role = h("select", { "aria-label": say("role", { number }), onchange: () => edit(index, { role: role.value }) });
    role.append(...ROLES.map((name) => h("option", { value: name, selected: name === message.role }, name)));
    const content = textarea({
      rows: 1,
      "aria-label": say("content", { number }),
      oninput: () => edit(index, { content: content.value }),
    });
    // A text area makes \n of other line ends; what it was given stays the message until somebody types.
    content.put(message.content);
    const item = h(
      "li",
      { class: `pg-turn pg-${message.role}` },
      h(
        "div",
        { class: "pg-turn-head" },
        role,
        button("↑", say("up", { number }), "pg-up", () => move(index, -1), index === 0),
        button("↓", say("down", { number }), "pg-down", () => move(index, 1), index === messages.length - 1),
        button("×", say("remove", { number }), "pg-remove", () => remove(index), messages.length === 1),
      ),
      content,
    );
    return item;
  }

  function button(sign, label, className, onclick, disabled) {
    return h("button", { type: "button", class: `pg-icon ${className}`, "aria-label": label, title: label, onclick, disabled }, sign);
  }

  function changed(next, focus) {
    show(next, focus);
    onchange(messages);
  }

  function edit(index, change) {
    messages = messages.map((message, at) => (at === index ? { ...message, ...change } : message));
    if (change.role) {
      turns.children[index].className = `pg-turn pg-${change.role}`;
      system.checked = messages[0].role === "system";
    }
    showJson();
    onchange(messages);
  }

  function add() {
    const role = messages.at(-1)?.role === "user" ? "assistant" : "user";
    changed([...messages, { role, content: "" }], [messages.length, "textarea"]);
  }

  function remove(index) {
    changed(messages.filter((_, at) => at !== index), [Math.max(0, index - 1), "textarea"]);
  }

  function move(index, step) {
    const next = [...messages];
    const [moved] = next.splice(index, 1);
    next.splice(index + step, 0, moved);
    changed(next, [index + step, step < 0 ? ".pg-up:enabled, .pg-down" : ".pg-down:enabled, .pg-up"]);
  }

  function toggleSystem() {
    if (system.checked) changed([{ role: "system", content: "" }, ...messages], [0, "textarea"]);
    else if (messages.length > 1) changed(messages.slice(1), null);
    else system.checked = true;
  }

  function readJson() {
    let given;
    try {
      given = JSON.parse(json.value);
    } catch (error) {
      onrefusal({ code: "json", detail: { said: error.message } });
      return;
    }
    try {
      show(validMessages(given?.messages ?? given, "messages"));
      onchange(messages);
    } catch (refusal) {
      onrefusal(refusal);
    }
  }

  return { element, show };
}
