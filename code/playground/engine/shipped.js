// The package's own templates, by name, in the order in which the page offers them.
import alpaca from "../../sintonia/templates/alpaca.jinja";
import chatml from "../../sintonia/templates/chatml.jinja";
import gemma from "../../sintonia/templates/gemma.jinja";
import llama3 from "../../sintonia/templates/llama3.jinja";
import mistral from "../../sintonia/templates/mistral.jinja";
import phi3 from "../../sintonia/templates/phi3.jinja";
import qwen from "../../sintonia/templates/qwen.jinja";
import original from "../../sintonia/templates/smollm2-original.jinja";
import smollm2 from "../../sintonia/templates/smollm2.jinja";

export const TEMPLATES = {
  smollm2,
  "smollm2-original": original,
  chatml,
  llama3,
  mistral,
  gemma,
  phi3,
  qwen,
  alpaca,
};
