/* The drawer, the keyboard, and what is said when a save does not arrive. */
(() => {
  "use strict";
  const drawer = document.getElementById("drawer");
  const body = document.getElementById("drawer-body");
  const trouble = document.getElementById("drawer-trouble");
  let opener = null;

  const cookie = (name) =>
    document.cookie.split("; ").find((part) => part.startsWith(name + "="))?.slice(name.length + 1);

  const isHint = (event) => event.detail.elt.matches(".hint");

  const say = (words) => {
    if (!trouble) return;
    trouble.textContent = words;
    trouble.hidden = !words;
    if (words) trouble.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = cookie("csrftoken") || "";
    if (event.detail.target === body && !drawer.open) opener = event.detail.elt;
    if (!isHint(event)) say("");
  });

  const focusFirst = (home) => {
    const first = home.querySelector("[aria-invalid=true], [data-focus]") || home.querySelector("h1");
    if (!first) return;
    if (first.matches("h1")) first.tabIndex = -1;
    first.focus();
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    const home = event.detail.target;
    if (!home.matches(".form-home")) return;
    if (home === body && !drawer.open) drawer.showModal();
    focusFirst(home);
    if (home === body) drawer.scrollTop = 0;
  });

  const page = document.querySelector("main .form-home");
  const wrong = document.querySelector("main [aria-invalid=true]");
  if (page) focusFirst(page);
  else if (wrong) wrong.focus();

  const notSaved = (event) => {
    if (!drawer || isHint(event)) return;
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    const words = trouble.dataset[{ 401: "signedOut", 403: "refused" }[status] || "unreachable"];
    const own = event.detail.elt.closest("[data-diary]")?.querySelector("[data-status]");
    if (own) { own.textContent = words; return; }
    if (!drawer.open) { body.replaceChildren(); drawer.showModal(); }
    say(words);
  };
  document.addEventListener("htmx:sendError", notSaved);
  document.addEventListener("htmx:timeout", notSaved);
  document.addEventListener("htmx:responseError", notSaved);

  if (drawer) {
    drawer.addEventListener("close", () => { body.replaceChildren(); say(""); if (opener) opener.focus(); });
    document.getElementById("drawer-close").addEventListener("click", () => drawer.close());
  }

  document.addEventListener("change", (event) => {
    const choice = event.target.closest("input[name=choice]");
    if (!choice) return;
    const form = choice.form;
    if (choice.dataset.nextLevel) form.elements.next_level_on.value = choice.dataset.nextLevel;
    const suggested = form.querySelector("option[value=as_suggested]");
    const fits = choice.dataset.suggested === "yes";
    suggested.disabled = !fits;
    if (fits) form.elements.reason.value = "as_suggested";
    else if (form.elements.reason.value === "as_suggested") form.elements.reason.value = "";
  });

  document.addEventListener("change", (event) => {
    const other = event.target.closest("select[name=other]");
    const radio = other && other.value && other.form.querySelector("input[name=choice][value=other]");
    if (!radio || radio.checked) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  });

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("form[data-enter=off] input, form[data-enter=off] select");
    if (event.key === "Enter" && field) event.preventDefault();
  });

  const asDay = (text) => new Date(text + "T00:00:00Z");
  const later = (text, days, closed) => {
    const day = asDay(text);
    day.setUTCDate(day.getUTCDate() + days);
    while (closed.includes(String((day.getUTCDay() + 6) % 7))) day.setUTCDate(day.getUTCDate() + 1);
    return day.toISOString().slice(0, 10);
  };

  document.addEventListener("change", (event) => {
    const start = event.target.closest("input[name=new_dose_from]");
    if (!start || !start.value || !start.defaultValue) return;
    const level = start.form.elements.next_level_on;
    const chosen = start.form.querySelector("input[name=choice]:checked");
    const proposed = (chosen && chosen.dataset.nextLevel) || level.defaultValue;
    const days = Math.round((asDay(start.value) - asDay(start.defaultValue)) / 86400000);
    if (proposed) level.value = later(proposed, days, start.form.dataset.closed.split(","));
  });

  document.addEventListener("submit", (event) => {
    if (event.target.closest(".who")) sessionStorage.clear();
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || (drawer && drawer.open)) return;
    const link = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!link) return;
    event.preventDefault();
    if (link.matches("input")) link.focus();
    else link.click();
  });
})();
