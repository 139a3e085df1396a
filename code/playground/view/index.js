// Starts each playground of the page when it comes near the window, and not before.
import { start } from "./app.js";

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      const data = JSON.parse(target.querySelector("script[type='application/json']").textContent);
      start(target, data);
    }
  },
  { rootMargin: "200px" },
);
for (const root of document.querySelectorAll("section.pg")) watcher.observe(root);
