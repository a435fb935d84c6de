/* The diary grid: numbers that move on, arrows, what is not saved yet, and a draft. */
(() => {
  "use strict";

  const form = () => document.querySelector("[data-diary]");
  const cellsOf = (root) => [...root.querySelectorAll("[data-cell]")];
  const was = (cell) =>
    form().elements.namedItem(cell.name.replace(/^now:/, "was:"))?.value ?? "";
  const value = (cell) => {
    if (cell.type !== "radio") return cell.value.trim();
    const chosen = form().querySelector(`[name="${CSS.escape(cell.name)}"]:checked`);
    return chosen ? chosen.value : "";
  };

  const unsaved = () => {
    const names = new Set();
    for (const cell of cellsOf(form())) {
      const changed = value(cell) !== was(cell);
      (cell.closest("td, fieldset, .one") ?? cell).classList.toggle("changed", changed);
      if (changed) names.add(cell.name);
    }
    return names;
  };

  const say = (words) => {
    const status = form().querySelector("[data-status]");
    status.replaceChildren();
    if (!words) return;
    const bold = document.createElement("b");
    bold.className = "unsaved";
    bold.textContent = words;
    status.append(bold);
  };

  const show = () => {
    const names = unsaved();
    const data = form().dataset;
    if (names.size) {
      say(names.size === 1 ? data.unsavedOne : data.unsavedMany.replace("%s", names.size));
    } else if (form().querySelector("[data-status] .unsaved")) {
      say("");
    }
    keepDraft(names);
  };

  /* What is typed is kept by this tab until it is saved: neither a lock screen nor a
     side effect that is added beside it loses anything. */
  const keepDraft = (names) => {
    const key = form().dataset.draft;
    if (!key) return;
    const draft = {};
    for (const cell of cellsOf(form())) {
      if (names.has(cell.name)) draft[cell.name] = [was(cell), value(cell)];
    }
    if (names.size) sessionStorage.setItem(key, JSON.stringify(draft));
    else sessionStorage.removeItem(key);
  };

  const takeDraft = () => {
    const key = form().dataset.draft;
    const draft = key && JSON.parse(sessionStorage.getItem(key) ?? "null");
    if (!draft) return;
    for (const cell of cellsOf(form())) {
      const [before, typed] = draft[cell.name] ?? [];
      if (typed === undefined || before !== was(cell)) continue;
      if (cell.type === "radio") cell.checked = cell.value === typed;
      else cell.value = typed;
    }
  };

  const place = (cell) => {
    const td = cell.closest("td");
    return td && [td.parentElement.rowIndex, td.cellIndex];
  };

  const at = (row, column) =>
    form().querySelector("table.grid")?.rows[row]?.cells[column]?.querySelector("[data-cell]");

  const go = (cell, down, right) => {
    const here = place(cell);
    if (!here) return false;
    const table = form().querySelector("table.grid");
    let [row, column] = here;
    for (let step = 0; step < 20; step += 1) {
      row += down;
      column += right;
      if (right && column >= table.rows[0].cells.length) [row, column] = [row + 1, 1];
      if (right && column < 1) [row, column] = [row - 1, table.rows[0].cells.length - 1];
      if (row < 1 || row >= table.rows.length) return false;
      const next = at(row, column);
      if (next) {
        next.focus();
        next.select?.();
        return true;
      }
    }
    return false;
  };

  const atEdge = (cell, key) => {
    if (cell.tagName === "SELECT") return true;
    const whole = cell.selectionStart === 0 && cell.selectionEnd === cell.value.length;
    if (whole) return true;
    const caret = cell.selectionStart === cell.selectionEnd ? cell.selectionStart : -1;
    return key === "ArrowLeft" ? caret === 0 : caret === cell.value.length;
  };

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest?.("table.grid [data-cell]");
    if (!cell || event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = {
      Enter: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: atEdge(cell, "ArrowLeft") ? [0, -1] : null,
      ArrowRight: atEdge(cell, "ArrowRight") ? [0, 1] : null,
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    go(cell, ...move);
  });

  document.addEventListener("input", (event) => {
    const cell = event.target.closest?.("[data-diary] [data-cell]");
    if (!cell) return;
    show();
    const full = cell.dataset.full;
    const typing = event.inputType === "insertText";
    if (full && typing && new RegExp(full).test(cell.value)) go(cell, 0, 1);
  });

  document.addEventListener("change", (event) => {
    if (event.target.closest?.("[data-diary] [data-cell]")) show();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-all]");
    if (!button) return;
    event.preventDefault();
    for (const cell of form().querySelectorAll("select[data-dose]")) {
      if (!cell.value) cell.value = "taken";
    }
    show();
    form().querySelector("[data-cell][data-full][name*=temperature]")?.focus();
  });

  document.addEventListener("htmx:afterSwap", () => {
    if (form()) keepDraft(unsaved());
  });

  if (form()) {
    takeDraft();
    if (unsaved().size) show();
  }
})();
