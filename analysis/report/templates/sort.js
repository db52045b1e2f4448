"use strict";
// Sorts tables by a click, or Enter or space, on a header: the best way round first, then the other, then as it was.
// Rows stay inside of their group; what has no value comes last, whichever way.

function valueOf(row, place) {
  const cell = row.cells[place];
  const raw = cell.dataset.value ?? cell.textContent.trim();
  const number = Number(raw);
  if (raw === "" || raw === "\u2014") return null;
  return Number.isNaN(number) ? raw : number;
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), undefined, { numeric: true });
}

function sortBody(body, place, way) {
  const fixed = [...body.rows].filter((row) => row.classList.contains("group"));
  const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
  rows.sort((one, other) => {
    const [a, b] = [valueOf(one, place), valueOf(other, place)];
    const order = Number(one.dataset.order) - Number(other.dataset.order);
    if (way === "none") return order;
    if (a === null || b === null) return a === b ? order : a === null ? 1 : -1;
    const sign = way === "ascending" ? 1 : -1;
    return sign * compare(a, b) || order;
  });
  body.append(...fixed, ...rows);
}

function makeSortable(table, said) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  for (const body of table.tBodies) [...body.rows].forEach((row, index) => (row.dataset.order = index));
  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    const first = head.classList.contains("number") && head.dataset.better !== "min" ? "descending" : "ascending";
    const ways = [first, first === "descending" ? "ascending" : "descending", "none"];
    button.addEventListener("click", () => {
      const way = ways[(ways.indexOf(head.getAttribute("aria-sort") ?? "none") + 1) % ways.length];
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (way !== "none") head.setAttribute("aria-sort", way);
      for (const body of table.tBodies) sortBody(body, place, way);
      said.textContent = way === "none" ? "rows in the study's order" : `sorted by ${button.textContent}, ${way}`;
    });
  });
}

const said = document.getElementById("said");
for (const table of document.querySelectorAll("table.hglab")) makeSortable(table, said);
for (const details of document.querySelectorAll("details")) {
  addEventListener("beforeprint", () => { details.open = true; });
}
