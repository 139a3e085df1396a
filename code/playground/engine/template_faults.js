// Where a template goes wrong. The Jinja library says what, never where; so each tag is tried by itself, and
// a template that fails while it runs is run once more with a note before each tag.
import { parse, tokenize } from "@huggingface/jinja";
import { lineAndColumn, prepared, tags } from "./template_source.js";

// What must stand around a statement to make it a template of its own.
const FRAMES = {
  if: ["", "{% endif %}"],
  elif: ["{% if x %}", "{% endif %}"],
  else: ["{% if x %}", "{% endif %}"],
  for: ["", "{% endfor %}"],
  macro: ["", "{% endmacro %}"],
  call: ["", "{% endcall %}"],
  filter: ["", "{% endfilter %}"],
  break: ["{% for x in y %}", "{% endfor %}"],
  continue: ["{% for x in y %}", "{% endfor %}"],
};
const OPENERS = new Set(["if", "for", "macro", "call", "filter", "generation"]);

/** The first fault of a template's syntax as `{said, line, column}`; `null` for none. */
export function syntaxFault(source) {
  const open = [];
  const found = tags(source);
  const fault = (tag, said) => ({ said, ...lineAndColumn(source, tag.start) });
  for (const tag of found) {
    if (tag.kind === "{#" || tag.word === "generation" || tag.word === "endgeneration") {
      if (tag.word === "generation") open.push(tag);
      if (tag.word === "endgeneration" && open.pop()?.word !== "generation") return fault(tag, tag.text);
      continue;
    }
    if (tag.word.startsWith("end")) {
      if (open.pop()?.word !== tag.word.slice(3)) return fault(tag, `${tag.text} closes nothing`);
      continue;
    }
    if (["elif", "else"].includes(tag.word) && !["if", "for"].includes(open.at(-1)?.word)) {
      return fault(tag, `${tag.text} stands in no if`);
    }
    const block = tag.word === "set" && !/[^=!<>]=[^=]/.test(tag.text);
    if (OPENERS.has(tag.word) || block) open.push(tag);
    const [before, after] = block ? ["", "{% endset %}"] : (FRAMES[tag.word] ?? ["", ""]);
    try {
      parse(tokenize(before + tag.text + after));
    } catch (error) {
      return fault(tag, error.message);
    }
  }
  if (open.length) return fault(open.at(-1), `${open.at(-1).text} is never closed`);
  const rest = found.reduce((text, tag) => text.replace(tag.text, " ".repeat(tag.text.length)), source);
  const left = rest.search(/{[{%#]/);
  return left < 0 ? null : { said: `${rest.slice(left, left + 2)} is never closed`, ...lineAndColumn(source, left) };
}

/**
 * Where a template failed while it ran.
 *
 * @param {(source: string, globals: object) => void} rerun runs a source with further names.
 * @returns `{line, column}` of the last tag that was reached; empty if it does not fail again.
 */
export function placeOfFailure(source, rerun) {
  const found = tags(source);
  let reached = null;
  let noted = "";
  let end = 0;
  found.forEach((tag, index) => {
    noted += source.slice(end, tag.start);
    const follows = /^(end|el)/.test(tag.word) || tag.word.endsWith("generation") || tag.kind === "{#";
    if (!follows) noted += `{{${tag.text[2] === "-" ? "-" : ""} sintonia_at(${index}) }}`;
    noted += tag.text;
    end = tag.start + tag.text.length;
  });
  const sintonia_at = (index) => {
    reached = index;
    return "";
  };
  try {
    rerun(prepared(noted + source.slice(end), "", ""), { sintonia_at });
  } catch {
    return reached === null ? {} : lineAndColumn(source, found[reached].start);
  }
  return {};
}
