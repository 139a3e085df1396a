// A template's source as it is before it is run: its tags, and `{% generation %}` turned into marks.

/** A `{% generation %}` or `{% endgeneration %}`, with or without white space control. */
export const GENERATION = /{%([-+]?)\s*(end)?generation\s*([-+]?)%}/;

const TAG = /{%[^]*?%}|{{[^]*?}}|{#[^]*?#}/g;

/**
 * The tags of a template, in order.
 *
 * @returns {{kind: string, text: string, word: string, start: number}[]} kind: `{%`, `{{` or `{#`; word: the
 *   name of a statement, `if` or `endfor`; start: its place in the source.
 */
export function tags(source) {
  return [...source.matchAll(TAG)].map(({ 0: text, index }) => ({
    kind: text.slice(0, 2),
    text,
    word: text.startsWith("{%") ? /^{%[-+]?\s*(\w*)/.exec(text)[1] : "",
    start: index,
  }));
}

/**
 * The source with blocks trimmed as transformers has it, and marks printed where generation tags stood.
 *
 * The library trims blocks itself, but it drops generation tags at the same time; so it is handed a source
 * in which both is done, and told not to trim again.
 */
export function prepared(source, open, close) {
  const trimmed = source
    .replace(/\r\n?/g, "\n")
    .replace(/^[ \t]*({[#%](?!\+))/gm, "$1")
    .replace(/([#%]})\n/g, "$1");
  return trimmed.replace(new RegExp(GENERATION, "g"), (_, left, end, right) => {
    const mark = JSON.stringify(end ? close : open);
    return `{{${left === "-" ? "-" : ""} ${mark} ${right === "-" ? "-" : ""}}}`;
  });
}

/** Place in a text -> `{line, column}`, both from 1. */
export function lineAndColumn(source, place) {
  const before = source.slice(0, place).split("\n");
  return { line: before.length, column: before.at(-1).length + 1 };
}
