/* Zoom of the chart stack: gestures and keys become days, the server draws them. */
(() => {
  "use strict";
  const DAY_MS = 86400000;
  const SHORTEST_DAYS = 7;
  const DRAGGED_PX = 8;
  const figure = () => document.getElementById("figure");
  const shownSvg = (home) => [...home.querySelectorAll("svg")].find((svg) => svg.getBoundingClientRect().width);
  const firstDay = (home) => Date.parse(home.dataset.first + "T00:00:00Z");
  const iso = (ms) => new Date(ms).toISOString().slice(0, 10);

  const dayAt = (home, clientX) => {
    const svg = shownSvg(home);
    const box = svg.getBoundingClientRect();
    const x = ((clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const [left, right] = [Number(svg.dataset.left), Number(svg.dataset.right)];
    const share = Math.min(1, Math.max(0, (x - left) / (right - left)));
    return share * Number(home.dataset.days);
  };

  const load = (query) => {
    const home = figure();
    const under = home.dataset.under ? "&under=" + encodeURIComponent(home.dataset.under) : "";
    const address = location.pathname + "?" + query + under;
    const focused = home.contains(document.activeElement);
    window.htmx.ajax("GET", address, { target: "#stack", swap: "outerHTML" }).then(() => {
      if (figure() === home) return;
      history.replaceState(null, "", address);
      if (focused) figure()?.focus({ preventScroll: true });
    });
  };

  const show = (from, days) => {
    const home = figure();
    const length = Math.max(SHORTEST_DAYS, Math.round(days));
    const start = firstDay(home) + Math.round(from) * DAY_MS;
    load("from=" + iso(start) + "&to=" + iso(start + (length - 1) * DAY_MS));
  };

  const zoom = (ratio, middle) => {
    const days = Number(figure().dataset.days) * ratio;
    show(middle - days / 2, days);
  };

  const keys = {
    "+": (days) => zoom(0.5, days / 2),
    "=": (days) => zoom(0.5, days / 2),
    "-": (days) => zoom(2, days / 2),
    ArrowLeft: (days) => show(-days / 4, days),
    ArrowRight: (days) => show(days / 4, days),
    0: () => load("range=all"),
    Home: () => load("range=all"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.target !== figure() || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act(Number(figure().dataset.days));
  });

  const fingers = new Map();
  let begun = null;

  const veil = (home, from, to) => {
    const svg = shownSvg(home);
    let mark = home.querySelector(".chart-veil");
    if (!mark) {
      mark = document.createElement("div");
      mark.className = "chart-veil";
      home.append(mark);
    }
    const outer = home.getBoundingClientRect();
    const inner = svg.getBoundingClientRect();
    mark.style.left = Math.min(from, to) - outer.left + "px";
    mark.style.width = Math.abs(to - from) + "px";
    mark.style.top = inner.top - outer.top + "px";
    mark.style.height = inner.height + "px";
  };

  const forget = () => {
    fingers.clear();
    begun = null;
    figure()?.querySelector(".chart-veil")?.remove();
  };

  const spread = () => {
    const [one, two] = [...fingers.values()];
    return { apart: Math.abs(one - two), middle: (one + two) / 2 };
  };

  document.addEventListener("pointerdown", (event) => {
    const svg = event.target.closest?.("#figure svg");
    if (!svg || event.button > 0) return;
    fingers.set(event.pointerId, event.clientX);
    if (fingers.size === 1) begun = { from: event.clientX };
    if (fingers.size === 2) begun = { pinch: spread() };
  });

  document.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, event.clientX);
    if (begun && fingers.size === 1 && begun.from !== undefined && Math.abs(event.clientX - begun.from) > DRAGGED_PX) {
      veil(figure(), begun.from, event.clientX);
      event.preventDefault();
    }
  });

  document.addEventListener("pointerup", (event) => {
    const home = figure();
    if (!home || !begun || !fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, event.clientX);
    if (begun.pinch && fingers.size === 2) {
      const now = spread();
      if (now.apart > 0 && begun.pinch.apart > 0) zoom(begun.pinch.apart / now.apart, dayAt(home, begun.pinch.middle));
    } else if (begun.from !== undefined && Math.abs(event.clientX - begun.from) > DRAGGED_PX) {
      const ends = [dayAt(home, begun.from), dayAt(home, event.clientX)].sort((one, two) => one - two);
      const days = Math.max(SHORTEST_DAYS, ends[1] - ends[0]);
      show((ends[0] + ends[1] - days) / 2, days);
    }
    forget();
  });

  document.addEventListener("pointercancel", forget);

  document.addEventListener("dblclick", (event) => {
    if (event.target.closest?.("#figure svg")) load("range=all");
  });
})();
