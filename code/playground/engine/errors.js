// Why an input is refused: a code that the page has words for, and what the words need to know.

/**
 * Something the playground does not answer, with the reason; the page shows it, and nothing else breaks.
 *
 * Codes: surrogate, template-syntax, template-fails, no-spans, markers-change-text, completion-last,
 * completion-prompt, too-long, too-many, bad-state, too-much-text, undecided-character.
 */
export class Refusal extends Error {
  /**
   * @param {string} code one of those above.
   * @param {object} detail what its words name: `{said, line, column, limit, found, where}`.
   */
  constructor(code, detail = {}) {
    super(`${code} ${JSON.stringify(detail)}`);
    this.code = code;
    this.detail = detail;
  }
}
