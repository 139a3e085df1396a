// One case: a conversation, a template, the switches. It travels in an address, so all of it is checked on
// entry, and nothing of it is ever taken for HTML.
import { isBroken } from "./characters.js";
import { Refusal } from "./errors.js";
import { MODES } from "./masks.js";
import { POLICIES, SIDES } from "./rows.js";

export const ROLES = ["system", "user", "assistant", "tool"];
export const LIMITS = { messages: 200, characters: 200_000, template: 20_000, address: 16_000, length: 8192 };
const NAMES = /^[a-z0-9-]{1,40}$/;

export const DEFAULTS = {
  messages: [],
  template: "smollm2",
  source: null,
  prompt: false,
  mode: "assistant-only",
  max_length: null,
  truncation: "keep_start",
  width: null,
  side: "right",
  second: null,
};

/**
 * The case itself, with its defaults, from something of which nothing is known.
 *
 * @throws {Refusal} bad-state, too-many, too-much-text: what was found, and where.
 */
export function validState(given) {
  if (!isPlain(given)) throw bad("state", "an object");
  const unknown = Object.keys(given).find((key) => !(key in DEFAULTS));
  if (unknown !== undefined) throw bad(unknown.slice(0, 40), "a name that the playground knows");
  const state = { ...DEFAULTS, ...given };
  state.messages = validMessages(state.messages, "messages");
  if (state.second !== null) state.second = validMessages(state.second, "second");
  if (typeof state.template !== "string" || !NAMES.test(state.template)) throw bad("template", "a name");
  if (state.source !== null) {
    if (typeof state.source !== "string") throw bad("source", "text");
    if (state.source.length > LIMITS.template) throw tooLong("source", state.source.length, LIMITS.template);
  }
  for (const [name, known] of [["mode", MODES], ["truncation", POLICIES], ["side", SIDES]]) {
    if (!known.includes(state[name])) throw bad(name, known.join(", "));
  }
  if (typeof state.prompt !== "boolean") throw bad("prompt", "true, false");
  for (const name of ["max_length", "width"]) {
    const value = state[name];
    if (value !== null && !(Number.isInteger(value) && value >= 1 && value <= LIMITS.length)) {
      throw bad(name, `1-${LIMITS.length}`);
    }
  }
  return state;
}

/** Messages of one conversation, each `{role, content}` and nothing else. */
export function validMessages(given, where) {
  if (!Array.isArray(given)) throw bad(where, "a list");
  if (!given.length) throw bad(where, "at least one message");
  if (given.length > LIMITS.messages) throw new Refusal("too-many", { found: given.length, limit: LIMITS.messages });
  let total = 0;
  return given.map((message, index) => {
    const place = `${where}[${index}]`;
    if (!isPlain(message)) throw bad(place, "{role, content}");
    const { role, content, ...rest } = message;
    const other = Object.keys(rest)[0];
    if (other !== undefined) throw bad(`${place}.${other.slice(0, 40)}`, "role, content");
    if (!ROLES.includes(role)) throw bad(`${place}.role`, ROLES.join(", "));
    if (typeof content !== "string") throw bad(`${place}.content`, "text");
    total += content.length;
    if (total > LIMITS.characters) throw tooLong(where, total, LIMITS.characters);
    return { role, content };
  });
}

/** A case as the part of an address after `#`; only what differs from the defaults is in it. */
export function encodeState(state) {
  const kept = Object.fromEntries(
    Object.entries(state).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(DEFAULTS[name])),
  );
  const text = JSON.stringify(kept);
  if (isBroken(text)) throw new Refusal("surrogate");
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  const encoded = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  if (encoded.length > LIMITS.address) throw new Refusal("too-long", { found: encoded.length, limit: LIMITS.address });
  return `case=${encoded}`;
}

/** The case of an address, or `null` where the address has none. */
export function decodeState(fragment) {
  const found = /^#?case=([\w-]*)$/.exec(fragment);
  if (!found) {
    if (/^#?case=/.test(fragment)) throw bad("address", "letters, digits, - and _");
    return null;
  }
  if (found[1].length > LIMITS.address) throw tooLong("address", found[1].length, LIMITS.address);
  let given;
  try {
    const binary = atob(found[1].replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    given = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw bad("address", "a case that this page has made");
  }
  return validState(given);
}

const bad = (where, limit) => new Refusal("bad-state", { where, limit });
const tooLong = (where, found, limit) => new Refusal("too-much-text", { where, found, limit });
const isPlain = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
