// The page's side of the worker: one question at a time, the newest wins, and none takes longer than it may.

export const TIME_LIMIT = 2000; // milliseconds

/* global TOKENIZER_BYTES -- set by build.mjs: what comes is counted unpacked, which no header tells */

export class Client {
  /**
   * @param {string} assets address of the folder with worker.js and tokenizer.json.
   * @param {(share: number) => void} onprogress how much of the tokenizer has come, from 0 to 1.
   * @param {{worker: Worker, file: Promise<Response>}} [ahead] what the page has begun before this script ran.
   */
  constructor(assets, onprogress, ahead) {
    this.assets = assets;
    this.file = this._fetch(ahead?.file, onprogress);
    this.spare = this._spawn(ahead?.worker); // reads its own script while the tokenizer comes
    this.number = 0;
    this.waiting = null; // the question that is being answered
    this.next = null; // the newest of those that came meanwhile
  }

  /** `{answer}` or `{refusal: {code, detail}}`; `null` where a newer question made this one void. */
  ask(state, parallel) {
    return new Promise((resolve, reject) => {
      this.next?.resolve(null);
      this.next = { state, parallel, resolve, reject };
      if (!this.waiting) this._start().catch(reject);
    });
  }

  async _start() {
    const question = (this.waiting = this.next);
    this.next = null;
    try {
      await this._ready();
      this.number += 1;
      const { number } = this;
      this.worker.onmessage = ({ data }) => data.number === number && this._finish(question, data);
      this.timer = setTimeout(() => {
        this._end();
        this._finish(question, { refusal: { code: "time", detail: { seconds: TIME_LIMIT / 1000 } } });
      }, TIME_LIMIT);
      this.worker.postMessage({ number, state: question.state, parallel: question.parallel });
    } catch (error) {
      this.waiting = null;
      question.reject(error);
    }
  }

  _finish(question, found) {
    clearTimeout(this.timer);
    this.waiting = null;
    question.resolve(this.next ? null : found);
    if (this.next) this._start();
  }

  /** A worker that has its tokenizer: the first one, or one in place of another that was ended. */
  async _ready() {
    const file = await this.file;
    if (this.worker) return;
    const worker = (this.worker = this.spare ?? this._spawn());
    this.spare = null;
    const ready = new Promise((resolve) => {
      worker.onmessage = ({ data }) => data.ready && resolve();
    });
    worker.postMessage({ file });
    try {
      await Promise.race([ready, worker.failed]);
    } catch (error) {
      this._end();
      throw error;
    }
    worker.onerror = (event) => {
      event.preventDefault();
      const question = this.waiting;
      this._end();
      if (question) this._finish(question, { refusal: { code: "template-fails", detail: { said: event.message } } });
    };
  }

  _spawn(worker = new Worker(`${this.assets}/worker.js`, { type: "module" })) {
    worker.failed = new Promise((_, reject) => {
      const fail = (event) => {
        event.preventDefault();
        reject(new Error(event.message || "worker.js"));
      };
      worker.onerror = fail;
      if (worker.fault) fail(worker.fault);
    });
    worker.failed.catch(() => {}); // whoever waits for the worker hears of it
    return worker;
  }

  _end() {
    this.worker?.terminate();
    this.worker = null;
  }

  async _fetch(begun = fetch(`${this.assets}/tokenizer.json`), onprogress) {
    const response = await begun;
    if (!response.ok) throw new Error(`tokenizer.json: ${response.status}`);
    const reader = response.body.getReader();
    const parts = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      onprogress(Math.min(1, length / TOKENIZER_BYTES));
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }
}
