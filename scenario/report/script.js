//<![CDATA[
"use strict";
(() => {
    const card = document.getElementById("card");
    const items = Array.from(document.querySelectorAll(".item"));
    const words = new Map();
    let shown = null;

    /* What the browser would show as a tip of its own is shown in the card; the name stays a name. */
    for (const item of items) {
        const title = item.querySelector(":scope > title");
        words.set(item, title.textContent);
        item.setAttribute("aria-label", title.textContent);
        title.remove();
        for (const inner of item.querySelectorAll("title"))
            inner.remove();
    }

    function line(text, first) {
        const paragraph = document.createElement("p");
        paragraph.textContent = text;
        paragraph.className = first ? "first" : "";
        return paragraph;
    }

    function fill(item) {
        const details = item.dataset.cycle && document.getElementById(item.dataset.cycle);
        const lines = words.get(item).split("\n");
        card.replaceChildren(...(details ? lines.slice(0, 3) : lines).map((text, i) => line(text, i === 0)));
        if (details)
            card.append(details.querySelector(".stages").cloneNode(true));
    }

    /* Below the thing, or above it, where there is more room. */
    function place(item) {
        const box = (item.querySelector(".hit") || item.querySelector("rect, path")).getBoundingClientRect();
        const own = card.getBoundingClientRect();
        const below = innerHeight - box.bottom;
        const top = below > own.height + 12 || below > box.top ? box.bottom + 8 : box.top - own.height - 8;
        const middle = Math.max(0, box.left) + Math.min(box.width, 200) / 2;
        card.style.left = Math.max(6, Math.min(middle - own.width / 2, innerWidth - own.width - 6)) + "px";
        card.style.top = Math.max(6, top) + "px";
    }

    function show(item) {
        if (item === shown)
            return;
        shown = item;
        card.hidden = !item;
        if (item) {
            fill(item);
            place(item);
        }
    }

    function open(id) {
        const details = document.getElementById(id);
        if (details && details.matches("details.cycle")) {
            details.open = true;
            details.scrollIntoView({ block: "start" });
            details.querySelector("summary").focus({ preventScroll: true });
        }
    }

    /* One stop for the tabulator in each strip; arrows go on from there. */
    function stop(item) {
        for (const other of item.closest("svg").querySelectorAll(".item[tabindex='0']"))
            other.setAttribute("tabindex", "-1");
        item.setAttribute("tabindex", "0");
    }

    function centre(item) {
        const box = item.getBoundingClientRect();
        return box.left + box.width / 2;
    }

    function inOrder(group) {
        return Array.from(group.querySelectorAll(":scope > .item")).sort((a, b) => centre(a) - centre(b));
    }

    function nearest(group, item) {
        const at = centre(item);
        return inOrder(group).sort((a, b) => Math.abs(centre(a) - at) - Math.abs(centre(b) - at))[0];
    }

    function groups() {
        const all = Array.from(document.querySelectorAll("g[role='group']"));
        return all.filter(group => group.querySelector(".item"));
    }

    function beside(item, step) {
        const group = item.parentNode;
        const row = inOrder(group);
        const next = row[row.indexOf(item) + step];
        if (next)
            return next;
        const name = group.getAttribute("aria-label");
        const same = groups().filter(other => other.getAttribute("aria-label") === name);
        const strip = same[same.indexOf(group) + step];
        return strip && inOrder(strip).at(step > 0 ? 0 : -1);
    }

    function across(item, step) {
        const all = groups();
        const group = all[all.indexOf(item.parentNode) + step];
        return group && nearest(group, item);
    }

    function walk(event) {
        const item = event.target.closest(".item");
        const steps = {
            ArrowRight: () => beside(item, 1),
            ArrowLeft: () => beside(item, -1),
            ArrowDown: () => across(item, 1),
            ArrowUp: () => across(item, -1),
            Home: () => inOrder(item.parentNode)[0],
            End: () => inOrder(item.parentNode).at(-1),
        };
        if (!item || !steps[event.key] || event.altKey || event.ctrlKey || event.metaKey)
            return;
        const next = steps[event.key]();
        event.preventDefault();
        if (next)
            next.focus();
    }

    for (const strip of document.querySelectorAll(".strip svg")) {
        const all = strip.querySelectorAll(".item");
        all.forEach((item, i) => item.setAttribute("tabindex", i === 0 ? "0" : "-1"));
    }
    document.addEventListener("mouseover", event => show(event.target.closest(".item")));
    document.addEventListener("mouseleave", () => show(null));
    document.addEventListener("focusin", event => {
        const item = event.target.closest(".item");
        if (item)
            stop(item);
        show(item);
    });
    document.addEventListener("scroll", () => shown && place(shown), { passive: true });
    document.addEventListener("keydown", event => {
        if (event.key === "Escape")
            show(null);
        else
            walk(event);
    });
    document.addEventListener("click", event => {
        const link = event.target.closest("a.cycle");
        if (!link)
            return;
        event.preventDefault();
        show(null);
        history.replaceState(null, "", "#" + link.dataset.cycle);
        open(link.dataset.cycle);
    });
    /* Cycles that tell of each word, wherever in what they reported; without scripts there is nothing to type. */
    const filter = document.getElementById("filter");
    const cycles = Array.from(document.querySelectorAll("details.cycle"));
    filter.hidden = cycles.length === 0;
    filter.addEventListener("input", () => {
        const words = filter.querySelector("input").value.toLowerCase().split(/\s+/);
        for (const cycle of cycles)
            cycle.hidden = !words.every(word => cycle.textContent.toLowerCase().includes(word));
        const left = cycles.filter(cycle => !cycle.hidden).length;
        filter.querySelector("span").textContent = left < cycles.length ? left + " of " + cycles.length : "";
    });
    addEventListener("beforeprint", () => {
        const all = document.querySelectorAll("details.cycle");
        for (const details of all)
            details.open = all.length <= 30;
    });
    open(location.hash.slice(1));
})();
//]]>
