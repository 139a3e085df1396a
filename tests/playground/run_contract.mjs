// node run_contract.mjs BUNDLE_FOLDER CASES.jsonl: runs the bundle on each case and prints one JSON report.
import { createReadStream, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { compare } from "./compare.mjs";

const [folder, cases] = process.argv.slice(2);
const engine = await import(pathToFileURL(path.resolve(folder, "engine.js")));
const tokenizer = new engine.Tokenizer(JSON.parse(readFileSync(path.join(folder, "tokenizer.json"), "utf8")));
const report = { answers: 0, equal: 0, refused: {}, both_refused: 0, differences: [] };

for await (const line of createInterface({ input: createReadStream(cases, "utf8") })) {
  const { state, modes } = JSON.parse(line);
  for (const [mode, expected] of Object.entries(modes)) {
    const ask = async () => {
      try {
        return { answer: engine.analyse({ ...state, mode }, tokenizer) };
      } catch (error) {
        if (!(error instanceof engine.Refusal)) throw error;
        return { refusal: error };
      }
    };
    const { refused, differences } = await compare(engine, expected, ask);
    report.answers += 1;
    if (differences.length) report.differences.push({ state: { ...state, mode }, differences });
    else if (!refused) report.equal += 1;
    else if (expected.refused !== undefined) report.both_refused += 1;
    if (refused && !differences.length) report.refused[refused] = (report.refused[refused] ?? 0) + 1;
  }
}
report.count = report.differences.length;
report.differences = report.differences.slice(0, 20);
console.log(JSON.stringify(report));
