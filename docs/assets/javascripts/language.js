// The language menu keeps the reader's section, a small box offers the browser's own language, once, the search
// box hears words that come without a key, and copy buttons are no landmarks.
"use strict";
{
  const links = [...document.querySelectorAll(".md-select__link[hreflang]")];

  // The entry that the table of contents marks as current, else the address's own section. At the top of a page
  // there is none, and the other language opens at its top as well.
  const section = () => {
    if (window.scrollY < 80) return "";
    const active = document.querySelectorAll(".md-nav--secondary .md-nav__link--active[href*='#']");
    const last = active[active.length - 1];
    return last ? new URL(last.href).hash : location.hash;
  };
  const keep = event => {
    const link = event.target instanceof Element && event.target.closest(".md-select__link[hreflang]");
    if (link) link.hash = section();
  };
  for (const type of ["pointerdown", "focusin", "click"]) document.addEventListener(type, keep, true);

  // Material searches on keyup alone, and a pasted word, or one chosen from an input method's list, has none.
  document.addEventListener("input", event => {
    if (event.target instanceof Element && event.target.matches("[data-md-component=search-query]")) {
      event.target.dispatchEvent(new Event("keyup"));
    }
  });

  // Material wraps each copy button in a <nav>: a screen reader would list dozens of landmarks without a name.
  addEventListener("load", () => {
    for (const nav of document.querySelectorAll(".md-code__nav")) nav.setAttribute("role", "presentation");
  });

  const key = "sintonia.suggestion.dismissed";
  const remembered = () => {
    try { return localStorage.getItem(key); } catch { return "yes"; }
  };
  const remember = () => {
    try { localStorage.setItem(key, "yes"); } catch { /* private mode: the box comes again */ }
  };
  // Who chooses a language needs no advice on it.
  for (const link of links) link.addEventListener("click", remember);
  const base = tag => tag.toLowerCase().split("-")[0];
  const wanted = (navigator.languages || [navigator.language])
    .map(tag => links.find(link => link.hreflang === base(tag)))
    .find(Boolean);
  // The page of an unknown address speaks the four languages already.
  const foreign = wanted && wanted.hreflang !== base(document.documentElement.lang);
  if (foreign && !remembered() && !document.querySelector(".not-found")) {
    const box = document.createElement("aside");
    box.className = "language-box";
    box.lang = wanted.lang;
    const go = document.createElement("a");
    go.href = wanted.href;
    go.textContent = wanted.dataset.read;
    go.addEventListener("click", () => { go.hash = section(); });
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", wanted.dataset.dismiss);
    close.title = wanted.dataset.dismiss;
    close.addEventListener("click", () => {
      remember();
      box.remove();
    });
    box.append(wanted.dataset.suggest + " ", go, close);
    document.body.append(box);
  }
}
