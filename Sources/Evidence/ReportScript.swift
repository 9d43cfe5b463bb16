/// What a report does beside being read: search in tables, and how far an intruder gets from a box.
///
/// It makes no request, and changes the page by attributes and texts alone: nothing becomes markup.
enum ReportScript {
  static let text = #"""
    "use strict";
    (() => {
      const fold = (text) => text.toLowerCase().normalize("NFKC");
      for (const input of document.querySelectorAll("input[data-table]")) {
        const table = document.getElementById(input.dataset.table);
        const rows = [...table.querySelectorAll("tbody tr")];
        let words;
        const told = input.parentElement.querySelector("output");
        input.parentElement.hidden = false;
        input.addEventListener("input", () => {
          const wanted = fold(input.value).split(/\s+/).filter(Boolean);
          words ??= rows.map((row) => fold([...row.cells].map((cell) => cell.textContent).join(" ")));
          // What is left has other heights than those that were put by for it.
          table.classList.toggle("searched", wanted.length > 0);
          let count = 0;
          rows.forEach((row, number) => {
            row.hidden = !wanted.every((word) => words[number].includes(word));
            if (!row.hidden) count += 1;
          });
          told.textContent = wanted.length ? `${count} of ${rows.length} rows` : `${rows.length} rows`;
        });
      }

      const data = document.getElementById("picture-data");
      const drawing = document.getElementById("picture-drawing");
      if (!data || !drawing) return;
      const { hosts, sizes, parts, arrows, reached } = JSON.parse(data.textContent);
      const boxes = [...drawing.querySelectorAll("[data-box]")];
      const lines = [...drawing.querySelectorAll("[data-arrow]")];
      const told = document.getElementById("picture-told");
      const search = document.getElementById("picture-search");
      const name = (box) => boxes[box].querySelector("title").textContent;
      const many = (count, one, more) => `${count} ${count === 1 ? one : more}`;
      let chosen = -1;

      const show = (isBoxOn, isLineOn) => {
        boxes.forEach((box, number) => box.classList.toggle("off", !isBoxOn(number)));
        lines.forEach((line, number) => line.classList.toggle("off", !isLineOn(number)));
      };
      const clear = () => {
        chosen = -1;
        boxes.forEach((box) => {
          box.classList.remove("chosen", "reached");
          box.setAttribute("aria-pressed", "false");
        });
        lines.forEach((line) => line.classList.remove("taken"));
        told.hidden = true;
        show(() => true, () => true);
      };
      const choose = (box) => {
        const again = chosen === box;
        search.value = "";
        clear();
        if (again) return;
        chosen = box;
        boxes[box].classList.add("chosen");
        boxes[box].setAttribute("aria-pressed", "true");
        told.hidden = false;
        const found = reached[box];
        if (!found) {
          const beside = arrows.flatMap(([from, to]) => (from === box ? [to] : to === box ? [from] : []));
          show(
            (number) => number === box || beside.includes(number),
            (number) => arrows[number].includes(box));
          told.textContent = `${name(box)}: what may ask it, and what it may ask. Reach is told for hosts.`;
          return;
        }
        // He goes on from hosts, and so from each dashed box that has one of them; nobody knows what goes on in networks.
        const isHeld = new Set([box, ...parts[box], ...Object.keys(found.hops).map(Number)]);
        parts.forEach((some, number) => { if (some.some((part) => isHeld.has(part))) isHeld.add(number); });
        const isFirst = new Set([box, ...parts[box]]);
        parts.forEach((some, number) => { if (some.includes(box)) isFirst.add(number); });
        const isTaken = (number) => isHeld.has(arrows[number][0]);
        const onWay = new Set([box, ...parts[box], ...Object.keys(found.hops).map(Number)]);
        arrows.forEach((ends, number) => { if (isTaken(number)) ends.forEach((end) => onWay.add(end)); });
        show((number) => onWay.has(number), isTaken);
        boxes.forEach((one, number) => one.classList.toggle("reached", number !== box && number in found.hops));
        lines.forEach((line, number) => line.classList.toggle("taken", isFirst.has(arrows[number][0])));
        const total = found.counts.reduce((sum, count) => sum + count, 0);
        const steps = found.counts.map((count, hop) => `${count} in ${many(hop + 1, "hop", "hops")}`).join(", ");
        const crowns = found.crowns ? `; ${many(found.crowns, "crown jewel", "crown jewels")} among them` : "; no crown jewel";
        // A dashed box is several roles: from each he gets elsewhere, to the others of them as well.
        const isSeveral = parts[box].length > 0;
        const who = isSeveral
          ? `Depending on where in ${name(box).split(": ")[0]} he is, an intruder`
          : boxes[box].classList.contains("network") ? `Whoever is in ${name(box)}` : `An intruder on ${name(box)}`;
        told.textContent =
          `${who} gets to ${total} of ${isSeveral ? `${hosts}` : `${hosts - sizes[box]} other`} hosts` +
          (total ? `: ${steps}${crowns}.` : ".") + " Escape shows all again.";
      };

      drawing.classList.add("active");
      drawing.setAttribute("role", "group");
      boxes.forEach((box, number) => {
        box.setAttribute("role", "button");
        box.setAttribute("tabindex", "0");
        box.setAttribute("aria-pressed", "false");
        const about = box.querySelector(".about");
        box.setAttribute("aria-label", name(number) + (about ? `, ${about.textContent}` : ""));
        box.addEventListener("click", () => choose(number));
        box.addEventListener("keydown", (event) => {
          if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            choose(number);
          }
        });
      });
      document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && chosen >= 0) clear();
      });
      search.parentElement.hidden = false;
      document.getElementById("picture-clear").addEventListener("click", () => {
        search.value = "";
        clear();
      });
      search.addEventListener("input", () => {
        clear();
        const wanted = fold(search.value).split(/\s+/).filter(Boolean);
        if (!wanted.length) return;
        const has = (element) => {
          const text = fold([...element.querySelectorAll("title,text")].map((part) => part.textContent).join(" "));
          return wanted.every((word) => text.includes(word));
        };
        const found = new Set([...boxes.keys()].filter((number) => has(boxes[number])));
        const hit = new Set([...lines.keys()].filter((number) => has(lines[number])));
        const ends = new Set([...hit].flatMap((number) => arrows[number]));
        show((number) => found.has(number) || ends.has(number), (number) => hit.has(number));
        told.hidden = false;
        told.textContent = `${many(found.size, "box", "boxes")} and ${many(hit.size, "arrow", "arrows")}`;
      });
    })();
    """#
}
