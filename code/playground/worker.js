// The engine beside the page: whatever a template does, the page goes on, and ends this worker if it must.
import { Refusal, Tokenizer, analyse } from "./engine.js";

let tokenizer = null;

addEventListener("message", ({ data }) => {
  const { number, file, state, parallel } = data;
  if (file) {
    tokenizer = new Tokenizer(JSON.parse(new TextDecoder().decode(file)));
    postMessage({ ready: true });
    return;
  }
  try {
    postMessage({ number, answer: analyse(state, tokenizer, parallel) });
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal("template-fails", { said: String(error.message) });
    postMessage({ number, refusal: { code: refusal.code, detail: refusal.detail } });
  }
});
