// Text becomes ids and offsets, as the `tokenizers` library of the package makes them for SmolLM2.
//
// The merging is @huggingface/tokenizers'. What comes before it is done here, because the library gives no
// offsets and cuts text by JavaScript's \d and \s, which are not Rust's.
import { BPE } from "@huggingface/tokenizers";
import { isBroken } from "./characters.js";
import { Refusal } from "./errors.js";

// Every digit alone (any number of Unicode's, as Rust's is_numeric has it), then GPT-2's words.
const DIGITS = /\p{N}|\P{N}+/gu;
const WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

const utf8 = new TextEncoder();
const CHARACTER_OF = byteAlphabet();
const BYTE_OF = new Map(CHARACTER_OF.map((character, byte) => [character, byte]));

export class Tokenizer {
  /**
   * @param {object} file what build.mjs makes of tokenizer.json: `vocabulary`, tokens by id, parted by line
   *   ends; `added`, how many at its beginning are tokens of their own; `alphabet`, how many single bytes
   *   follow them; `splits`, for each token after those where its two halves meet; `special`, names of
   *   tokens; `undecided`, as a character class.
   */
  constructor(file) {
    this.vocabulary = file.vocabulary.split("\n");
    this.special = file.special;
    const first = file.added + file.alphabet;
    const merges = [];
    for (let id = first; id < this.vocabulary.length; id += 1) {
      const token = this.vocabulary[id];
      const at = file.splits.charCodeAt(id - first) - 48;
      merges.push([token.slice(0, at), token.slice(at)]);
    }
    this.ids = Object.fromEntries(this.vocabulary.map((token, id) => [token, id]));
    this.model = new BPE({ type: "BPE", vocab: this.ids, merges });
    this.ids = this.model.tokens_to_ids;
    this.added = file.added;
    const escaped = this.vocabulary.slice(0, file.added).map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    // The longest first: <reponame> must not be read as something shorter that begins alike.
    this.tokensOfTheirOwn = new RegExp(`(${escaped.sort((a, b) => b.length - a.length).join("|")})`, "g");
    this.undecided = file.undecided ? new RegExp(`[${file.undecided}]`, "u") : null;
    this.pieces = new Map();
  }

  /**
   * @returns {{ids: number[], offsets: [number, number][]}} offsets in UTF-16 units: the characters that a
   *   token has bytes of.
   * @throws {Refusal} surrogate, undecided-character.
   */
  encode(text) {
    if (isBroken(text)) throw new Refusal("surrogate");
    const found = this.undecided?.exec(text);
    if (found) throw new Refusal("undecided-character", { found: hex(found[0]) });
    const ids = [];
    const offsets = [];
    let place = 0;
    text.split(this.tokensOfTheirOwn).forEach((section, index) => {
      if (index % 2) {
        ids.push(this.ids.get(section));
        offsets.push([place, place + section.length]);
        place += section.length;
        return;
      }
      for (const [run] of section.matchAll(DIGITS)) {
        for (const [word] of run.matchAll(WORDS)) {
          for (const [id, start, end] of this._word(word)) {
            ids.push(id);
            offsets.push([place + start, place + end]);
          }
          place += word.length;
        }
      }
    });
    return { ids, offsets };
  }

  /** A token as the page shows it: its text, or its bytes where it is part of a character. */
  readable(id) {
    const token = this.vocabulary[id];
    if (id < this.added) return { text: token, special: true };
    const bytes = Uint8Array.from(token, (character) => BYTE_OF.get(character));
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const listed = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");
    return text.includes("\ufffd") ? { bytes: listed } : { text };
  }

  /** Characters of `text` of which a byte has no token: the tokenizer leaves such a byte out. */
  lost(text) {
    const found = new Set();
    for (const character of new Set(text.replace(this.tokensOfTheirOwn, ""))) {
      if (utf8.encode(character).some((byte) => !this.ids.has(CHARACTER_OF[byte]))) found.add(character);
    }
    return [...found].map(hex);
  }

  _word(word) {
    let tokens = this.pieces.get(word);
    if (!tokens) {
      tokens = this._merged(word);
      if (this.pieces.size > 20_000) this.pieces.clear();
      if (word.length < 64) this.pieces.set(word, tokens);
    }
    return tokens;
  }

  /** `[id, start, end]` of the tokens of one word. A byte that is in no token is left out before merging. */
  _merged(word) {
    const owners = []; // of each byte that is kept, where its character begins and ends
    let spelled = "";
    let place = 0;
    for (const character of word) {
      for (const byte of utf8.encode(character)) {
        if (!this.ids.has(CHARACTER_OF[byte])) continue;
        spelled += CHARACTER_OF[byte];
        owners.push([place, place + character.length]);
      }
      place += character.length;
    }
    let byte = 0;
    return this.model.bpe(spelled).map((token) => {
      const start = owners[byte][0];
      byte += token.length;
      return [this.ids.get(token), start, owners[byte - 1][1]];
    });
  }
}

/** The character by which byte-level BPE writes each byte (GPT-2's table). */
export function byteAlphabet() {
  const shown = (byte) => (byte > 32 && byte < 127) || (byte > 160 && byte < 256 && byte !== 173);
  let hidden = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(shown(byte) ? byte : hidden++));
}

const hex = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
