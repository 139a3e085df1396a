// The doctor's findings that show in one conversation, by the codes of `sintonia doctor`.
import { strip } from "./characters.js";

const ASK = { role: "user", content: "How deep is it?" };
const SAY = { role: "assistant", content: "Two metres." };
const SYSTEM = { role: "system", content: "Speak plainly." };

/**
 * Codes that apply, in the doctor's order, each with an example as plain text.
 *
 * @param {object} seen `{prepared, tokenizer, state, text, mask, places, cut}`.
 * @returns {{code: string, example: string}[]}
 */
export function findings(seen) {
  const { prepared, tokenizer, state, text, mask, places, cut } = seen;
  const { messages } = state;
  const found = [];
  const add = (code, example = "") => found.push({ code, example });

  if (!prepared.marked) add("T02");
  const stop = stopOf(prepared);
  if (stop === "") add("T03");
  const added = messages[0].role === "system" ? "" : defaultSystem(prepared);
  if (added && text.includes(added)) add("T05", added);
  const trimmed = messages.find(({ content }) => !text.includes(content) && text.includes(strip(content)));
  if (trimmed && strip(trimmed.content)) add("T07", trimmed.content);
  const bos = tokenizer.special.bos_token;
  if (text.startsWith(bos + bos)) add("T08", bos + bos);
  if (stop && !stop.includes(" ") && tokenizer.encode(stop).ids.length > 1) add("T13", stop);

  if (messages.at(-1).role !== "assistant") add("D03", messages.at(-1).role);
  const empty = messages.findIndex(({ role, content }) => role === "assistant" && !strip(content));
  if (empty >= 0) add("D04", String(empty + 1));
  const injected = messages.map(({ content }) => content.match(tokenizer.tokensOfTheirOwn)?.[0]).find(Boolean);
  if (injected) add("D08", injected);
  const lost = tokenizer.lost(text);
  if (lost.length) add("D12", lost.slice(0, 3).join(" "));

  if (cut.answers > cut.stops) add("L01");
  if (cut.stops) add("L02");
  if (cut.emptied) add("L03");
  if (!mask.includes(1) && places !== null) add("R03");
  return found;
}

/** What ends an assistant's turn and is learned; empty if nothing does; `null` if that cannot be seen. */
function stopOf(prepared) {
  for (const turns of [[ASK, SAY], [SYSTEM, ASK, SAY]]) {
    try {
      const { text, spans } = prepared.render(turns, false);
      const at = text.indexOf(SAY.content) + SAY.content.length;
      const span = spans.find(([start, end]) => start < at && at <= end);
      return span ? strip(text.slice(at, span[1])).replace(/\s[^]*/, "") : "";
    } catch {
      continue;
    }
  }
  return null;
}

/** The words that a template puts before a conversation without a system message; empty for none. */
function defaultSystem(prepared) {
  try {
    const before = prepared.text([ASK], false).split(ASK.content)[0];
    const lines = before.split(/\n|<[^>]*>/).map((line) => strip(line));
    return lines.find((line) => line.split(" ").length >= 3) ?? "";
  } catch {
    return "";
  }
}
