"use strict";
// Filters, and details that open where a link leads or the page is printed. Without it everything is shown.
(() => {
  const form = document.getElementById("filters"), count = form.querySelector("output");
  const rows = [...document.querySelectorAll("#matrix tbody tr")], findings = [...document.querySelectorAll(".finding")];
  const rules = new Map([...document.querySelectorAll(".rule")].map(rule => [rule.id, rule]));
  const names = {p: "proved", v: "violated", u: "unknown", s: "unsupported", c: "vacuous", n: "not-applicable"};
  const signs = {p: "✓", v: "✗", u: "?", s: "⊘", c: "∅", n: "–"};
  const lower = element => element.textContent.toLowerCase();
  const texts = new Map();
  const has = (element, words) => {
    if (!words.length) return true;
    if (!texts.has(element)) texts.set(element, lower(element));
    return words.every(word => texts.get(element).includes(word));
  };

  const cells = rows.map(row => [...row.querySelectorAll("td[data-by]")].map(cell => ({
    cell, whole: Object.keys(names).find(letter => cell.classList.contains(names[letter])), nodes: [...cell.childNodes],
    by: new Map(cell.dataset.by.split(" ").map(entry => [entry.slice(0, -1), entry.slice(-1)])),
  })));

  function show(entry, letter, isWhole) {
    entry.cell.className = letter ? "s " + names[letter] : "none";
    if (isWhole) entry.cell.replaceChildren(...entry.nodes);
    else entry.cell.textContent = letter ? signs[letter] + " " + names[letter] : "";
  }

  function filter() {
    const data = new FormData(form), chapter = data.get("chapter"), wanted = data.get("function");
    const words = data.get("search").toLowerCase().split(/\s+/).filter(Boolean), statuses = data.getAll("status");
    const who = data.get("who");
    let shown = 0, told = 0;
    rows.forEach((row, number) => {
      const letters = cells[number].map(entry => {
        const letter = wanted ? entry.by.get(wanted) : entry.whole;
        show(entry, letter, !wanted);
        return letter;
      });
      const rule = rules.get(row.querySelector("a").hash.slice(1));
      row.hidden = rule.hidden = !((!chapter || row.dataset.c === chapter) && letters.some(Boolean)
        && (!statuses.length || letters.some(letter => statuses.includes(letter))) && (has(row, words) || has(rule, words)));
      shown += !row.hidden;
    });
    for (const one of findings) {
      one.hidden = !((!chapter || one.dataset.c === chapter) && (!wanted || one.dataset.f === wanted)
        && (!who || one.dataset.t === who) && (!statuses.length || statuses.includes(one.dataset.s)) && has(one, words));
      told += !one.hidden;
    }
    count.textContent = `${shown} of ${rows.length} rules, ${told} of ${findings.length} findings`;
  }

  function reveal() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) { form.reset(); filter(); }
    for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    target.scrollIntoView();
    (target.querySelector(":scope > summary") || target).focus({preventScroll: true});
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
  addEventListener("hashchange", reveal);
  addEventListener("keydown", event => {
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) {
      event.preventDefault();
      form.elements.search.focus();
    }
  });
  form.addEventListener("input", filter);
  form.elements.open.addEventListener("click", () => {
    for (const one of findings) if (!one.hidden) one.open = true;
  });
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  document.documentElement.classList.add("js");
  filter();
  reveal();
})();
