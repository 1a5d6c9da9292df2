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

  // Three choices fill in the field: province (of today or of before), former district, commune.
  const choosing = place => {
    const field = document.getElementById(place.dataset.choices);
    const [province, district, commune] = ["province", "district", "commune"].map(part => place.querySelector(`[data-part="${part}"]`));
    if (!field) return;
    place.hidden = false;
    const bare = name => name.replace(/^(Tỉnh|Thành phố|Xã|Phường|Thị trấn) /, "");
    const fill = (select, options) => {
      const made = options.sort((a, b) => a[0].localeCompare(b[0], "vi", {numeric: true})).map(([text, value]) => new Option(text, value));
      select.replaceChildren(select.options[0], ...made);
      select.selectedIndex = 0;
      select.disabled = options.length === 0;
    };
    const ask = async query => (await (await fetch("/v1/admin-units?former=true" + query)).json()).items;
    // Hoà Bình and Hòa Bình are one.
    const same = (a, b) => bare(a).localeCompare(bare(b), "vi", {sensitivity: "base"}) === 0;
    let units = [];
    const was = () => province.value.split("|")[1] || "";
    const formers = unit => unit.former.filter(one =>
      (!was() || one.province === was()) && (!district.value || one.district === district.value));
    const communes = () => fill(commune, units.filter(unit => (!was() && !district.value) || formers(unit).length).map(unit => {
      const names = [...new Set(formers(unit).map(one => bare(one.name)))].filter(name => name !== bare(unit.name) && !/^\d+$/.test(name));
      return [unit.name + (names.length ? ` (${names.slice(0, 6).join(", ")})` : ""), `${unit.name}, ${unit.province_name}`];
    }));
    place.addEventListener("toggle", async () => {
      if (province.options.length > 1) return;
      try {
        const options = [];
        for (const one of await ask("")) {
          options.push([bare(one.name), one.code]);
          for (const old of one.former_provinces || []) {
            if (!same(old, one.name)) options.push([`${bare(old)} (${place.dataset.now} ${bare(one.name)})`, `${one.code}|${old}`]);
          }
        }
        fill(province, options);
      } catch { /* typed by hand then */ }
    });
    province.addEventListener("change", async () => {
      try {
        units = province.value ? await ask("&province=" + province.value.split("|")[0]) : [];
        district.selectedIndex = 0;
        fill(district, [...new Set(units.flatMap(formers).map(one => one.district))].map(name => [name, name]));
        communes();
      } catch { /* typed by hand then */ }
    });
    district.addEventListener("change", communes);
    commune.addEventListener("change", () => { if (commune.value) field.value = commune.value; });
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
  document.querySelectorAll("[data-choices]").forEach(choosing);
  document.querySelectorAll("[data-copy]").forEach(copying);
  document.querySelectorAll("[data-watch]").forEach(place => watch(place, 900));
  document.querySelectorAll("[data-near]").forEach(near);
  document.querySelectorAll("form[data-push]").forEach(telling);
})();
