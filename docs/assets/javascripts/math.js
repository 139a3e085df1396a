// Mathematics, set by the copy of KaTeX that comes with the site. Only pages that have some load this file, and KaTeX
// is heavier than the page: it is fetched at the first sign of a reader. Until then formulas can be read as they stand
// (code/sitekit/maths.py).
"use strict";
{
  const places = [...document.querySelectorAll(".arithmatex")];
  const here = document.currentScript.src;
  // A formula that scrolls can be reached, and scrolled, by keyboard; one in a closed solution once it is open.
  const reach = () => {
    for (const place of document.querySelectorAll("div.arithmatex"))
      if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  };
  document.addEventListener("toggle", reach, true);
  const set = () => {
    for (const place of places.splice(0)) {
      // What code/sitekit/maths.py could not write as HTML stands here as its source, in brackets.
      const source = place.dataset.tex ?? place.textContent.trim().slice(2, -2);
      katex.render(source, place, { displayMode: place.localName === "div", throwOnError: false });
    }
    reach();
  };
  const begin = () => {
    for (const type of moves) removeEventListener(type, begin);
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("../katex/katex.min.css", here);
    const script = document.createElement("script");
    script.src = new URL("../katex/katex.min.js", here);
    const there = element => new Promise(done => { element.onload = done; });
    Promise.all([there(style), there(script)]).then(set);
    document.head.append(style, script);
  };
  const moves = ["scroll", "pointermove", "touchstart", "keydown", "beforeprint"];
  for (const type of moves) addEventListener(type, begin, { once: true, passive: true });
}
