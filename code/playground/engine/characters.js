// Text as Python counts and trims it: by code points, with Unicode's White_Space.

// What `str.strip()` and `str.split()` of Python take for white space. JavaScript's own `trim` leaves the
// separators U+001C to U+001F and U+0085 in, and takes U+FEFF out.
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING = new RegExp(`^[${SPACE}]+`);
const TRAILING = new RegExp(`[${SPACE}]+$`);
const WORD = new RegExp(`[^${SPACE}]+`, "g");

/** `text.lstrip(characters)`; without characters, white space. */
export function stripStart(text, characters) {
  if (characters === undefined) return text.replace(LEADING, "");
  const listed = new Set(characters);
  let start = 0;
  for (const character of text) {
    if (!listed.has(character)) break;
    start += character.length;
  }
  return text.slice(start);
}

/** `text.rstrip(characters)`. */
export function stripEnd(text, characters) {
  // A search from the left for a run at the end takes quadratic time on a long run that is not at the end.
  const listed = characters === undefined ? null : new Set(characters);
  const points = text.length < 64 && !listed ? null : Array.from(text);
  if (!points) return text.replace(TRAILING, "");
  let end = points.length;
  while (end && (listed ? listed.has(points[end - 1]) : TRAILING.test(points[end - 1]))) end -= 1;
  return points.slice(0, end).join("");
}

/** `text.strip(characters)`. */
export const strip = (text, characters) => stripEnd(stripStart(text, characters), characters);

/** `text.split()`: the words between runs of white space. */
export const words = (text) => text.match(WORD) ?? [];

/** Python's `len(text)`. */
export function length(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Place in `text` (UTF-16 units) -> how many code points come before it; for all places, its end included. */
export function codePointPlaces(text) {
  const places = new Uint32Array(text.length + 1);
  let count = 0;
  for (let place = 0; place < text.length; ) {
    const width = text.codePointAt(place) > 0xffff ? 2 : 1;
    for (let unit = 0; unit < width; unit += 1) places[place + unit] = count;
    place += width;
    count += 1;
  }
  places[text.length] = count;
  return places;
}

/** Whether `text` holds half of a surrogate pair, which is no character and has no UTF-8. */
export const isBroken = (text) => /\p{Surrogate}/u.test(text);
