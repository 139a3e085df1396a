// Rows made to fit: cut to a limit, padded to a width, put together in one pack. As truncation.py, collation.py
// and packing.py of the package do it.
import { IGNORE_INDEX } from "./masks.js";

export const POLICIES = ["keep_start", "drop", "keep_answer"];
export const SIDES = ["right", "left"];

/**
 * The places of a row that stay under a limit, in order; `null` if the row is left out.
 *
 * @param {number | null} limit tokens; null cuts nothing.
 * @param {number} bos id of the token that `keep_answer` never takes from the front.
 */
export function keptPlaces(ids, mask, limit, policy, bos) {
  const places = ids.map((_, place) => place);
  if (limit === null || ids.length <= limit) return places;
  if (policy === "drop") return null;
  if (policy === "keep_start") return places.slice(0, limit);
  let surplus = ids.length - limit;
  const kept = places.filter((place) => {
    if (!surplus || mask[place] || (place === 0 && ids[0] === bos)) return true;
    surplus -= 1;
    return false;
  });
  return kept.slice(0, limit);
}

/** What a cut took: answers (runs of supervised tokens) that are not whole any more, and lost last tokens. */
export function cutOf(mask, places) {
  const kept = new Set(places ?? []);
  const cut = { tokens: mask.length - kept.size, answers: 0, stops: 0, emptied: false };
  let start = null;
  mask.forEach((wrote, place) => {
    if (wrote && start === null) start = place;
    if (!wrote || mask[place + 1]) return;
    let left = 0;
    for (let each = start; each <= place; each += 1) left += kept.has(each);
    cut.answers += left < place - start + 1;
    cut.stops += !kept.has(place);
    start = null;
  });
  cut.emptied = mask.includes(1) && !(places ?? []).some((place) => mask[place]);
  return cut;
}

/** A row with padding up to `width`: what padding is, is known by its place. */
export function padded(row, width, side, padId) {
  const missing = Math.max(0, width - row.input_ids.length);
  const fill = (values, value) => {
    const padding = new Array(missing).fill(value);
    return side === "left" ? [...padding, ...values] : [...values, ...padding];
  };
  return {
    input_ids: fill(row.input_ids, padId),
    attention_mask: fill(new Array(row.input_ids.length).fill(1), 0),
    // Nothing comes before the first token that could predict it.
    labels: fill([IGNORE_INDEX, ...row.labels.slice(1)], IGNORE_INDEX),
  };
}

/**
 * Two rows in one pack where both fit under the limit, the longer one first, else in a pack each.
 *
 * @returns {{input_ids, labels, position_ids, seq_lengths, members}[]} members: which rows are in it.
 */
export function packs(rows, limit) {
  if (!rows.length) return [];
  const order = rows.map((_, index) => index).sort((a, b) => rows[b].input_ids.length - rows[a].input_ids.length);
  const total = rows.reduce((sum, row) => sum + row.input_ids.length, 0);
  const chosen = total <= limit ? [order] : order.map((index) => [index]);
  return chosen.map((members) => ({
    members,
    input_ids: members.flatMap((index) => rows[index].input_ids),
    labels: members.flatMap((index) => [IGNORE_INDEX, ...rows[index].labels.slice(1)]),
    position_ids: members.flatMap((index) => rows[index].input_ids.map((_, place) => place)),
    seq_lengths: members.map((index) => rows[index].input_ids.length),
  }));
}
