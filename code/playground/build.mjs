// Builds the playground into docs/assets/playground: `node build.mjs`; `node build.mjs --check` compares.
//
// The result is committed, so that building the site needs no Node.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { compactTokenizer } from "./compact_tokenizer.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "..", "..");
const out = path.join(root, "docs", "assets", "playground");

const tokenizer = await compactTokenizer(
  path.join(root, "code", "sintonia", "embedded", "smollm2"),
  path.join(here, "unassigned.txt"),
);
const options = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  define: { TOKENIZER_BYTES: String(Buffer.byteLength(tokenizer)) },
  external: ["./engine.js"],
  format: "esm",
  legalComments: "none",
  loader: { ".jinja": "text" },
  minify: true,
  target: ["es2022"],
  write: false,
};
const entries = { "engine.js": "engine/index.js", "worker.js": "worker.js", "playground.js": "view/index.js", "playground.css": "view/playground.css" };

const files = {};
for (const [name, entry] of Object.entries(entries)) {
  const result = await build({ ...options, entryPoints: [entry] });
  files[name] = result.outputFiles[0].text;
}
files["tokenizer.json"] = tokenizer;
files["LICENSES.txt"] = await licences(["@huggingface/jinja", "@huggingface/tokenizers"]);

const check = process.argv.includes("--check");
let stale = 0;
await mkdir(out, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  const target = path.join(out, name);
  const before = await readFile(target, "utf8").catch(() => null);
  if (before === text) continue;
  stale += 1;
  const where = path.relative(root, target);
  if (check) console.log(`${where}: found something else than the sources build; expected the same; run npm run build`);
  else {
    await writeFile(target, text);
    console.log(`${where}: ${Buffer.byteLength(text)} bytes`);
  }
}
process.exit(check && stale ? 1 : 0);

/** What the bundle contains of others, with their licences. */
async function licences(packages) {
  const parts = ["The files engine.js and tokenizer.json of this folder contain work of others."];
  for (const name of packages) {
    const folder = path.join(here, "node_modules", name);
    const { version, license, repository } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    const text = await readFile(path.join(folder, "LICENSE"), "utf8");
    const home = (repository?.url ?? repository ?? "").replace(/^git\+/, "");
    parts.push(`${name} ${version} (${license}), ${home}\n\n${text.trim()}`);
  }
  parts.push(
    "tokenizer.json: the vocabulary of SmolLM2-135M-Instruct (Apache-2.0) by Hugging Face, written in another form.\n" +
      "The Apache License, Version 2.0, stands above, with @huggingface/tokenizers.",
  );
  return parts.join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}
