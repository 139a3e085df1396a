// Mathematics, set by the copy of KaTeX that comes with the site. Only pages that have some load this file, and KaTeX
// is heavier than the page: it is fetched when the first formula comes near the window, or the reader moves or prints.
"use strict";
{
  const places = [...document.querySelectorAll(".arithmatex")];
  const here = document.currentScript.src;
  const set = () => {
    for (const place of places.splice(0)) {
      // What code/sitekit/maths.py could not write as HTML stands here as its source, in brackets.
      const source = place.dataset.tex ?? place.textContent.trim().slice(2, -2);
      katex.render(source, place, { displayMode: place.localName === "div", throwOnError: false });
      // A formula that scrolls can be reached, and scrolled, by keyboard.
      if (place.scrollWidth > place.clientWidth && place.localName === "div") place.tabIndex = 0;
    }
  };
  const begin = () => {
    near.disconnect();
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
  const moves = ["scroll", "keydown", "beforeprint"];
  for (const type of moves) addEventListener(type, begin, { once: true, passive: true });
  const near = new IntersectionObserver(
    // What a closed solution hides has no height, wherever it is said to stand.
    seen => { if (seen.some(entry => entry.isIntersecting && entry.boundingClientRect.height > 0)) begin(); },
    { rootMargin: "0px" },
  );
  for (const place of places) near.observe(place);
}
