// A conversation becomes the exact text a model sees, and the spans of it that the assistant wrote.
import { Environment, parse, tokenize } from "@huggingface/jinja";
import { stripEnd } from "./characters.js";
import { Refusal } from "./errors.js";
import { PythonInterpreter } from "./python_strings.js";
import { placeOfFailure, syntaxFault } from "./template_faults.js";
import { GENERATION, prepared } from "./template_source.js";

const KEPT = 16;
// As in sintonia/sandbox_limits.py: a template cannot ask for gigabytes in one expression.
const ITEM_LIMIT = 1_000_000;
const known = new Map();

/** A template that is ready for many conversations; the same source gives the same one. */
export function template(source, tokens) {
  const key = JSON.stringify([source, tokens]);
  if (!known.has(key)) {
    if (known.size >= KEPT) known.delete(known.keys().next().value);
    known.set(key, new Template(source, tokens));
  }
  return known.get(key);
}

class Template {
  /**
   * @param {string} source Jinja.
   * @param {object} tokens `{bos_token, eos_token, pad_token, unk_token}`.
   * @throws {Refusal} template-syntax, with line and column.
   */
  constructor(source, tokens) {
    this.source = source;
    this.tokens = tokens;
    // Drawn anew for each template, so that no conversation can contain them.
    const nonce = crypto.randomUUID();
    this.open = `\ufdd0${nonce}\ufdd2`;
    this.close = `\ufdd1${nonce}\ufdd2`;
    this.plain = this._parsed(prepared(source, "", ""));
    this.marked = GENERATION.test(source.replace(/{#[^]*?#}/g, ""));
    this.withMarks = this.marked ? this._parsed(prepared(source, this.open, this.close)) : null;
  }

  _parsed(source) {
    const fault = syntaxFault(this.source);
    if (fault) throw new Refusal("template-syntax", fault);
    try {
      return parse(tokenize(source));
    } catch (error) {
      throw new Refusal("template-syntax", { said: error.message, line: 1, column: 1 });
    }
  }

  /** Only the text, for messages that may have no span. */
  text(messages, prompt) {
    return this._run(this.plain, messages, prompt);
  }

  /**
   * Text and spans, `[start, end]` in UTF-16 units, end-of-turn tokens included.
   *
   * @throws {Refusal} template-fails, no-spans, markers-change-text.
   */
  render(messages, prompt) {
    const text = this.text(messages, prompt);
    if (!this.marked) return { text, spans: this._derived(messages, prompt, text) };
    const [printed, spans] = this._read(this._run(this.withMarks, messages, prompt));
    if (printed !== text) throw new Refusal("markers-change-text");
    return { text, spans };
  }

  _run(program, messages, prompt) {
    const values = { ...this.tokens, messages, add_generation_prompt: prompt, tools: null, documents: null };
    try {
      return run(program, values);
    } catch (error) {
      const place = placeOfFailure(this.source, (source, at) => run(parse(tokenize(source)), { ...values, ...at }));
      throw new Refusal("template-fails", { said: error.message, ...place });
    }
  }

  _read(marked) {
    const spans = [];
    let text = "";
    let start = null;
    for (const piece of marked.split(new RegExp(`(${this.open}|${this.close})`))) {
      if (piece === this.open) {
        if (start !== null) throw new Refusal("markers-change-text");
        start = text.length;
      } else if (piece === this.close) {
        if (start === null) throw new Refusal("markers-change-text");
        if (text.length > start) spans.push([start, text.length]);
        start = null;
      } else text += piece;
    }
    if (start !== null) throw new Refusal("markers-change-text");
    return [text, spans];
  }

  /**
   * Spans of a template without markers: what a turn adds to the conversation before it and the generation
   * prompt. The package watches the loop as well, and so reads more templates; where its prefixes do not
   * agree, this one refuses.
   */
  _derived(messages, prompt, whole) {
    const spans = [];
    messages.forEach((message, index) => {
      if (message.role !== "assistant") return;
      const refuse = () => new Refusal("no-spans", { where: index + 1 });
      let before, through;
      try {
        before = this.text(messages.slice(0, index), true);
        through = this.text(messages.slice(0, index + 1), false);
      } catch {
        throw refuse();
      }
      const turn = through.slice(before.length);
      const at = turn.indexOf(message.content);
      if (!through.startsWith(before) || !whole.startsWith(through) || at < 0) throw refuse();
      const end = Math.max(at + message.content.length, stripEnd(turn).length);
      if (end) spans.push([before.length, before.length + end]);
    });
    return spans;
  }
}

function run(program, values) {
  const environment = new Environment();
  for (const [name, value] of Object.entries(globals)) environment.set(name, value);
  for (const [name, value] of Object.entries(values)) environment.set(name, value);
  return new PythonInterpreter(environment).run(program).value;
}

const globals = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception: (message) => {
    throw new Error(message);
  },
  range: (start, end, step = 1) => {
    if (end === undefined || end === null) [start, end] = [0, start];
    if (Math.abs((end - start) / step) > ITEM_LIMIT) throw new Error("range: more than 1,000,000 items");
    const numbers = [];
    for (let number = start; step > 0 ? number < end : number > end; number += step) numbers.push(number);
    return numbers;
  },
};
