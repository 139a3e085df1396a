// Starts each playground of the page when it comes near the window, and not before.
import { start } from "./app.js";

const NEAR = 200; // pixels below the window

const begin = (root) => {
  if ("begun" in root.dataset) return;
  root.dataset.begun = "";
  start(root, JSON.parse(root.querySelector("script[type='application/json']").textContent));
};
const watcher = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      begin(target);
    }
  },
  { rootMargin: `${NEAR}px` },
);
// This script does not wait for the page's others: some playgrounds may still be to come, and an observer would
// only tell of those in sight when the others have run.
const watch = () => {
  for (const root of document.querySelectorAll("section.pg")) {
    if (!root.nextElementSibling) continue; // still being read; its own script tag follows it
    if (root.getBoundingClientRect().top < innerHeight + NEAR && scrollY === 0) begin(root);
    else watcher.observe(root);
  }
};
watch();
document.addEventListener("DOMContentLoaded", watch, { once: true });
