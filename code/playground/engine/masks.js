// Spans become a mask over the tokens, in three ways, and labels.
import { Refusal } from "./errors.js";

export const IGNORE_INDEX = -100;
export const MODES = ["assistant-only", "completion-only", "everything"];

/**
 * 1 for a token whose characters all lie in one span. A token that also holds characters of the header is the
 * header's: at generation time it is there already, and the model never writes it.
 */
export function assistantMask(offsets, spans) {
  let at = 0;
  return offsets.map(([start, end]) => {
    while (at + 1 < spans.length && spans[at + 1][0] <= start) at += 1;
    const span = spans[at];
    return span && span[0] <= start && start < span[1] && end <= span[1] ? 1 : 0;
  });
}

/**
 * 1 from where the conversation's tokens leave those of its prompt: TRL's `completion_only_loss`, with the
 * last message as the completion and all before it as the prompt.
 *
 * @throws {Refusal} completion-last, completion-prompt.
 */
export function completionMask(messages, ids, prepared, tokenizer) {
  if (messages.length < 2 || messages.at(-1).role !== "assistant") throw new Refusal("completion-last");
  let prompt;
  try {
    prompt = tokenizer.encode(prepared.text(messages.slice(0, -1), true)).ids;
  } catch (error) {
    throw new Refusal("completion-prompt", error.detail);
  }
  let common = 0;
  while (common < ids.length && common < prompt.length && ids[common] === prompt[common]) common += 1;
  return ids.map((_, place) => (place < common ? 0 : 1));
}

/** Each token's id where the mask is 1, and IGNORE_INDEX elsewhere; not shifted. */
export const labels = (ids, mask) => ids.map((id, place) => (mask[place] ? id : IGNORE_INDEX));
