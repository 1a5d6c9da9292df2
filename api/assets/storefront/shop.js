// What the pages do without this, they do a little smoother with it: communes are suggested while typing.
(() => {
  "use strict";
  const input = document.getElementById("commune");
  const list = document.getElementById("communes");
  if (!input || !list) return;
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const typed = input.value.trim();
      if (typed.length < 2) return;
      try {
        const answer = await fetch("/v1/admin-units?q=" + encodeURIComponent(typed) + "&limit=8");
        if (!answer.ok) return;
        const data = await answer.json();
        list.replaceChildren(...(data.items || []).filter(item => item.level === "commune").map(item => {
          const option = document.createElement("option");
          option.value = item.name + ", " + item.province_name;
          return option;
        }));
      } catch { /* typed by hand then */ }
    }, 200);
  });
})();
