// What the doctor would say, each with the way to its section.
import { h } from "./dom.js";

export function findingsView({ say, titles, doctor }) {
  const list = h("ul", { class: "pg-findings" });
  const element = h("section", {}, h("h3", { class: "pg-h" }, say("findings")), list);

  function show({ findings }) {
    const items = findings.map(({ code, example }) => {
      const { title, severity } = titles[code];
      return h(
        "li",
        { class: `pg-${severity}` },
        h("a", { href: `${doctor}#${code.toLowerCase()}` }, `${code} · ${title}`),
        ` (${say(severity)})`,
        ...(example ? [" ", h("code", {}, example.length > 80 ? `${example.slice(0, 80)}…` : example)] : []),
      );
    });
    list.replaceChildren(...(items.length ? items : [h("li", {}, say("no-findings"))]));
  }

  return { element, show };
}
