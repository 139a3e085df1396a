// Mathematics, set by the copy of KaTeX that comes with the site. Only pages that have some load this file.
"use strict";
for (const place of document.querySelectorAll(".arithmatex")) {
  const source = place.textContent.trim();
  const display = source.startsWith("\\[");
  // What cannot be set stays readable as its source, in KaTeX's error colour.
  katex.render(source.slice(2, -2), place, { displayMode: display, throwOnError: false });
}
