// Whether the playground answers as Python did. Used by run_contract.mjs in Node and, word for word, in Chromium.

// What the playground may refuse although Python answers it: the page says which of these it was, and why.
export const MAY_REFUSE = new Set(["undecided-character", "no-spans"]);

/**
 * @param {object} engine the bundle's exports.
 * @param {object} expected Python's answer, places in code points.
 * @param {() => Promise<object>} ask the playground's `{answer}` or `{refusal: {code}}`.
 * @returns {Promise<{refused: string | null, differences: string[]}>}
 */
export async function compare(engine, expected, ask) {
  const { answer, refusal } = await ask();
  if (refusal) {
    const allowed = expected.refused !== undefined || MAY_REFUSE.has(refusal.code);
    return { refused: refusal.code, differences: allowed ? [] : [`refused: ${refusal.code} ${JSON.stringify(refusal.detail)}`] };
  }
  if (expected.refused !== undefined) return { refused: null, differences: [`answered; Python: ${expected.refused}`] };
  const places = engine.codePointPlaces(answer.text);
  const inPoints = (pairs) => pairs.map((pair) => pair.map((place) => places[place]));
  const pick = (object, like) => object && like && Object.fromEntries(Object.keys(like).map((key) => [key, object[key]]));
  const found = {
    text: answer.text,
    spans: inPoints(answer.spans),
    ids: answer.ids,
    offsets: inPoints(answer.offsets),
    mask: answer.mask.join(""),
    row: answer.row,
    kept: answer.places,
    packs: expected.packs && answer.packs?.map((pack) => pick(pack, expected.packs[0])),
    padded: expected.padded && pick(answer.padded, expected.padded),
  };
  const differences = Object.keys(found)
    .filter((name) => JSON.stringify(found[name]) !== JSON.stringify(expected[name]))
    .map((name) => `${name}: ${excerpt(found[name], expected[name])}`);
  return { refused: null, differences };
}

function excerpt(found, expected) {
  const [one, other] = [JSON.stringify(found) ?? "nothing", JSON.stringify(expected) ?? "nothing"];
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const around = (text) => text.slice(Math.max(0, at - 30), at + 60);
  return `found ${around(one)}; Python ${around(other)}`;
}
