// One case in, everything that the page shows out.
import { strip } from "./characters.js";
import { findings } from "./findings.js";
import { assistantMask, completionMask, labels } from "./masks.js";
import { cutOf, keptPlaces, packs, padded } from "./rows.js";
import { TEMPLATES } from "./shipped.js";
import { template } from "./templates.js";
import { Refusal } from "./errors.js";
import { validState } from "./state.js";

/**
 * @param {object} given a case, as state.js describes it.
 * @param {Tokenizer} tokenizer
 * @param {object} [parallel] language -> the same conversation in it, to compare what it costs.
 * @returns {object} text, regions (`[start, end, role]` of what the messages say), spans, ids, offsets, mask,
 *   places (those of the row that stay under the limit; null if it is left out), row (input_ids, labels), cut,
 *   packs, padded, cost (language -> tokens) and findings. Offsets are UTF-16 units of text.
 * @throws {Refusal} whatever cannot be answered, with the reason.
 */
export function analyse(given, tokenizer, parallel = null) {
  const state = validState(given);
  const source = state.source ?? TEMPLATES[state.template];
  if (source === undefined) {
    throw new Refusal("bad-state", { where: "template", limit: Object.keys(TEMPLATES).join(", ") });
  }
  const prepared = template(source, tokenizer.special);
  const first = encode(state, state.messages, prepared, tokenizer);
  const bos = tokenizer.ids.get(tokenizer.special.bos_token);
  const cutRow = ({ ids, mask }) => {
    const places = keptPlaces(ids, mask, state.max_length, state.truncation, bos);
    if (places === null) return { places, row: null };
    const target = labels(ids, mask);
    return { places, row: { input_ids: places.map((at) => ids[at]), labels: places.map((at) => target[at]) } };
  };
  const { places, row } = cutRow(first);
  const cut = cutOf(first.mask, places);
  const answer = { ...first, places, row, cut, packs: null, padded: null, cost: null };
  answer.regions = regions(first.text, state.messages);
  if (state.second) {
    const other = cutRow(encode(state, state.second, prepared, tokenizer)).row;
    const rows = [row, other].filter(Boolean);
    answer.packs = packs(rows, state.max_length ?? Infinity);
    answer.packed = rows.map(({ input_ids }) => input_ids.length);
  } else if (row && state.width !== null) {
    const pad = tokenizer.ids.get(tokenizer.special.pad_token);
    answer.padded = padded(row, state.width, state.side, pad);
  }
  if (parallel) {
    answer.cost = {};
    for (const [language, messages] of Object.entries(parallel)) {
      answer.cost[language] = tokenizer.encode(prepared.text(messages, state.prompt)).ids.length;
    }
  }
  answer.marked = prepared.marked;
  answer.findings = findings({ prepared, tokenizer, state, text: first.text, mask: first.mask, places, cut });
  answer.tokens = Object.fromEntries([...new Set(tokensShown(answer))].map((id) => [id, tokenizer.readable(id)]));
  return answer;
}

function encode(state, messages, prepared, tokenizer) {
  const assistantOnly = state.mode === "assistant-only";
  const { text, spans } = assistantOnly
    ? prepared.render(messages, state.prompt)
    : { text: prepared.text(messages, state.prompt), spans: [] };
  const { ids, offsets } = tokenizer.encode(text);
  let mask = ids.map(() => 1);
  if (assistantOnly) mask = assistantMask(offsets, spans);
  else if (state.mode === "completion-only") mask = completionMask(messages, ids, prepared, tokenizer);
  return { text, spans, ids, offsets, mask };
}

/** Where the messages' own words stand in the text, in their order; words that the template rewrote are left out. */
function regions(text, messages) {
  const found = [];
  let place = 0;
  for (const { role, content } of messages) {
    const said = text.indexOf(content, place) < 0 ? strip(content) : content;
    const at = said ? text.indexOf(said, place) : -1;
    if (at < 0) continue;
    place = at + said.length;
    found.push([at, place, role]);
  }
  return found;
}

const tokensShown = ({ ids, packs: packed, padded: wide }) => [
  ...ids,
  ...(packed ?? []).flatMap((pack) => pack.input_ids),
  ...(wide?.input_ids ?? []),
];
