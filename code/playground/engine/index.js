// What the worker, the tests and nobody else call: one request in, one answer out.
export { analyse } from "./analyse.js";
export { Refusal } from "./errors.js";
export { template } from "./templates.js";
export { TEMPLATES } from "./shipped.js";
export { Tokenizer } from "./tokenizer.js";
export { decodeState, encodeState, validState } from "./state.js";
export { asJsonl, asPython } from "./copies.js";
export { codePointPlaces } from "./characters.js";
