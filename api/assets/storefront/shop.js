// What the pages do without this, they do a little smoother with it: communes are suggested while typing, numbers are copied,
// a page that waits for money turns by itself, and "near me" asks the phone.
(() => {
  "use strict";

  const suggest = (input, list) => {
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
  };

  const copying = button => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = button.dataset.done;
      } catch { /* the text stands beside it */ }
    });
  };

  // Every four seconds while somebody looks; an hour at most.
  const watch = (place, left) => setTimeout(async () => {
    if (left === 0) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(place.dataset.watch);
        if (answer.ok && (await answer.text()) !== place.dataset.state) {
          location.replace(location.pathname + location.search.replace("&paying=1", ""));
          return;
        }
      } catch { /* asked again */ }
    }
    watch(place, left - 1);
  }, 4000);

  const near = button => {
    if (!navigator.geolocation) return;
    button.hidden = false;
    button.addEventListener("click", () => navigator.geolocation.getCurrentPosition(({coords}) => {
      const form = button.form;
      form.elements.near.value = coords.latitude.toFixed(2) + "," + coords.longitude.toFixed(2);
      form.elements.sort.value = "distance";
      form.requestSubmit();
    }, () => { button.disabled = true; }));
  };

  // Notices of orders on this device: the browser is asked, and what it answers goes into the form.
  const telling = form => {
    if (!("PushManager" in window) || !("serviceWorker" in navigator)) return;
    const words = form.querySelector("[data-words]");
    form.hidden = false;
    form.addEventListener("submit", async event => {
      event.preventDefault();
      words.textContent = "";
      try {
        const {pushManager} = await navigator.serviceWorker.ready;
        const key = form.dataset.push.replace(/-/g, "+").replace(/_/g, "/");
        const applicationServerKey = Uint8Array.from(atob(key), letter => letter.charCodeAt(0));
        const subscription = await pushManager.subscribe({userVisibleOnly: true, applicationServerKey});
        form.elements.subscription.value = JSON.stringify(subscription);
        form.submit();
      } catch {
        words.textContent = words.dataset.words;
      }
    });
  };

  // On a phone's home screen, and open without a line.
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => {});

  const input = document.getElementById("commune");
  const list = document.getElementById("communes");
  if (input && list) suggest(input, list);
  document.querySelectorAll("[data-copy]").forEach(copying);
  document.querySelectorAll("[data-watch]").forEach(place => watch(place, 900));
  document.querySelectorAll("[data-near]").forEach(near);
  document.querySelectorAll("form[data-push]").forEach(telling);
})();
