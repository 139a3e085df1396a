// tokenizer.json in a third of its size: a byte-level BPE's merges are its vocabulary, if one knows where each
// token's two halves meet.
import { readFile } from "node:fs/promises";
import path from "node:path";

const EXPECTED = [
  { type: "Digits", individual_digits: true },
  { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
];

/** The text of the file that engine/tokenizer.js reads. */
export async function compactTokenizer(folder, unassigned) {
  const tokenizer = JSON.parse(await readFile(path.join(folder, "tokenizer.json"), "utf8"));
  const config = JSON.parse(await readFile(path.join(folder, "tokenizer_config.json"), "utf8"));
  const { model, added_tokens, normalizer, pre_tokenizer } = tokenizer;
  const vocabulary = Object.entries(model.vocab).sort((a, b) => a[1] - b[1]).map(([token]) => token);
  const merges = model.merges.map((merge) => (Array.isArray(merge) ? merge : merge.split(" ")));
  const added = added_tokens.length;
  const first = vocabulary.length - merges.length;

  const asExpected =
    normalizer === null &&
    JSON.stringify(pre_tokenizer.pretokenizers) === JSON.stringify(EXPECTED) &&
    !model.unk_token && !model.ignore_merges && !model.byte_fallback && !tokenizer.post_processor &&
    added_tokens.every((token, id) =>
      token.id === id && token.special && !token.lstrip && !token.rstrip && !token.single_word && !token.normalized) &&
    vocabulary.every((token, id) => model.vocab[token] === id && !token.includes("\n"));
  if (!asExpected) throw new Error(`${folder}: found a tokenizer of another kind; expected SmolLM2's`);
  const splits = merges.map(([left, right], rank) => {
    if (left + right !== vocabulary[first + rank]) throw new Error(`merge ${rank} does not make token ${first + rank}`);
    return String.fromCharCode(48 + left.length);
  });

  const ranges = (await readFile(unassigned, "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));
  const names = ["bos_token", "eos_token", "pad_token", "unk_token"];
  return `${JSON.stringify({
    added,
    alphabet: first - added,
    special: Object.fromEntries(names.map((name) => [name, config[name]])),
    splits: splits.join(""),
    undecided: ranges.map((range) => range.replace(/[0-9A-F]+/g, "\\u{$&}")).join(""),
    vocabulary: vocabulary.join("\n"),
  })}\n`;
}
