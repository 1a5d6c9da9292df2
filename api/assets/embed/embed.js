// Chợ OCOP: products that grow nearby, on a page of yours. <ocop-products feed="…"></ocop-products>
(() => {
  "use strict";
  if (customElements.get("ocop-products")) return;
  // As a module, or put in by another script, it does not know itself.
  const self = document.currentScript || document.querySelector('script[src*="/embed.js"]');
  const base = new URL(self ? self.src : location.href).origin;
  const WORDS = {
    vi: { stars: n => n + " sao OCOP", out: "Hết hàng", few: "Sắp hết", season: "Đúng mùa", from: "từ", km: n => "cách " + n + " km", back: "Lùi", on: "Tiếp", none: "Hiện chưa có sản phẩm phù hợp.", refused: "Trang web này chưa được xác minh với Chợ OCOP.", failed: "Không tải được sản phẩm.", all: "Xem thêm ở Chợ OCOP" },
    en: { stars: n => "OCOP " + n + " stars", out: "Sold out", few: "Few left", season: "In season", from: "from", km: n => n + " km away", back: "Back", on: "Next", none: "No product fits at the moment.", refused: "This web site is not verified with Chợ OCOP.", failed: "The products could not be loaded.", all: "More at Chợ OCOP" },
  };
  const CSS = `
:host{display:block;contain:layout style;--a:var(--ocop-accent,#1f6b3a);--i:var(--ocop-ink,#1d2a1f);--s:var(--ocop-soft,#55635a);--b:var(--ocop-background,#fff);--l:var(--ocop-line,#d5ddd3);--r:var(--ocop-radius,10px);font:15px/1.4 var(--ocop-font,system-ui,"Segoe UI",Roboto,sans-serif);color:var(--i)}
:host([hidden]){display:none}
:host([theme=dark]){--a:var(--ocop-accent,#8fd3a4);--i:var(--ocop-ink,#e8efe6);--s:var(--ocop-soft,#a9b7ab);--b:var(--ocop-background,#1c2520);--l:var(--ocop-line,#38463c)}
@media screen and (prefers-color-scheme:dark){:host(:not([theme=light])){--a:var(--ocop-accent,#8fd3a4);--i:var(--ocop-ink,#e8efe6);--s:var(--ocop-soft,#a9b7ab);--b:var(--ocop-background,#1c2520);--l:var(--ocop-line,#38463c)}}
*{box-sizing:border-box}
ul{list-style:none;margin:0;padding:0;display:grid;gap:12px;grid-template-columns:repeat(auto-fill,minmax(min(100%,var(--ocop-column,150px)),1fr))}
.carousel ul{grid-template-columns:none;grid-auto-flow:column;grid-auto-columns:min(220px,72%);overflow-x:auto;scroll-snap-type:x mandatory;padding:3px}
.single ul{grid-template-columns:minmax(0,360px)}
li{scroll-snap-align:start;min-width:0}
a.card,div.card{display:flex;flex-direction:column;height:100%;background:var(--b);border:1px solid var(--l);border-radius:var(--r);overflow:hidden;color:inherit;text-decoration:none}
a.card:focus-visible,button:focus-visible,ul:focus-visible,a:focus-visible{outline:3px solid #e8a200;outline-offset:1px}
.pic{aspect-ratio:4/3;background:var(--l);display:block;width:100%;position:relative;flex:none}
img{position:absolute;inset:0;width:100%;height:100%;object-fit:cover;display:block}
.text{padding:8px 10px 10px;display:flex;flex-direction:column;gap:2px}
.name{font-weight:600;height:2.8em;overflow:hidden;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical}
.soft{color:var(--s);font-size:13px;height:1.4em;overflow:hidden;white-space:nowrap;text-overflow:ellipsis}
.price{color:var(--a);font-weight:700;height:1.4em;white-space:nowrap}
.told{color:var(--s);font-size:12px;min-height:2.8em;margin:8px 0 0}
.told a{color:var(--a)}
.keys{display:flex;gap:8px;justify-content:flex-end;margin:0 0 6px;height:44px}
button{font:inherit;min-width:44px;height:44px;border:1px solid var(--l);border-radius:var(--r);background:var(--b);color:var(--i);cursor:pointer}
p.note{padding:12px;border:1px dashed var(--l);border-radius:var(--r);color:var(--s);background:var(--b)}
@media(prefers-reduced-motion:no-preference){.carousel ul{scroll-behavior:smooth}}`;
  let sheet;
  const style = root => {
    try {
      if (!sheet) { sheet = new CSSStyleSheet(); sheet.replaceSync(CSS); }
      root.adoptedStyleSheets = [sheet];
    } catch {
      const element = document.createElement("style");
      element.textContent = CSS;
      root.append(element);
    }
  };
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  class OcopProducts extends HTMLElement {
    static observedAttributes = ["feed", "layout", "lang", "product", "count"];
    connectedCallback() {
      if (!this.shadowRoot) style(this.attachShadow({ mode: "open" }));
      this.start();
    }
    attributeChangedCallback() { if (this.shadowRoot && this.isConnected) this.start(); }
    get layout() { const layout = this.getAttribute("layout"); return ["grid", "carousel", "single"].includes(layout) ? layout : "grid"; }
    show(...nodes) {
      for (const node of [...this.shadowRoot.childNodes]) if (node.nodeName !== "STYLE") node.remove();
      this.shadowRoot.append(...nodes);
    }
    async start() {
      const turn = (this.turn = (this.turn || 0) + 1);
      const feed = this.getAttribute("feed");
      if (!feed) return;
      const lang = this.getAttribute("lang");
      const words = WORDS[lang] || WORDS[document.documentElement.lang.slice(0, 2)] || WORDS.vi;
      const count = this.layout === "single" ? 1 : Math.min(Math.max(parseInt(this.getAttribute("count"), 10) || 6, 1), 100);
      // As many empty cards as there will be products: nothing moves when they come.
      const empty = () => make("li", { "aria-hidden": "true" }, make("div", { class: "card" }, make("span", { class: "pic" }), make("div", { class: "text" }, make("div", { class: "name" }), make("div", { class: "soft" }), make("div", { class: "soft" }), make("div", { class: "price" }))));
      this.frame(words, Array.from({ length: count }, empty), null, "");
      const query = WORDS[lang] ? "?lang=" + lang : "";
      let data;
      try {
        const answer = await fetch(`${base}/feeds/${encodeURIComponent(feed)}.json${query}`, { credentials: "omit" });
        if (turn !== this.turn) return;
        if (!answer.ok) return this.refuse(answer.status === 403 ? words.refused : words.failed);
        data = await answer.json();
      } catch {
        // A site that is not verified is told nothing at all by the browser.
        return turn === this.turn && this.refuse(words.refused);
      }
      const only = this.getAttribute("product");
      let items = only ? data.items.filter(item => item.slug === only || item.id === only) : data.items;
      if (this.layout === "single" || this.hasAttribute("count")) items = items.slice(0, count);
      const told = WORDS[data.language] || words;
      if (!items.length) return this.show(make("p", { class: "note", part: "note" }, told.none));
      this.frame(told, items.map(item => this.card(item, told)), data, data.disclosure);
      this.seen(feed, items);
      this.dispatchEvent(new CustomEvent("ocop:ready", { detail: { items: items.length } }));
    }
    frame(words, cards, data, disclosure) {
      const list = make("ul", { part: "list", role: "list" }, ...cards);
      const box = make("section", { class: this.layout, lang: data ? data.language : null, "aria-label": data ? data.title : "Chợ OCOP", "aria-busy": data ? null : "true" });
      if (this.layout === "carousel") {
        list.tabIndex = 0;
        const move = way => () => list.scrollBy({ left: way * list.clientWidth * 0.8 });
        const keys = [["‹", words.back, -1], ["›", words.on, 1]].map(([sign, label, way]) => {
          const button = make("button", { type: "button", "aria-label": label }, sign);
          button.addEventListener("click", move(way));
          return button;
        });
        box.append(make("div", { class: "keys" }, ...keys));
      }
      const foot = make("p", { class: "told", part: "disclosure" }, disclosure + " ");
      if (data) foot.append(make("a", { href: this.link(data.items[0].link), target: "_blank", rel: "noopener sponsored" }, words.all));
      box.append(list, foot);
      this.show(box);
    }
    link(link) {
      const url = new URL(link);
      url.searchParams.set("page", location.origin + location.pathname);
      return url.href;
    }
    card(item, words) {
      const facts = [item.stars ? "★ " + words.stars(item.stars) : "", item.availability === "out_of_stock" ? words.out : item.availability === "low_stock" ? words.few : item.season && item.in_season ? words.season : ""].filter(Boolean);
      const place = [item.cooperative, item.distance_km !== null ? words.km(item.distance_km) : ""].filter(Boolean);
      const picture = make("span", { class: "pic" });
      if (item.image) picture.append(make("img", { src: item.image.url, srcset: item.image.srcset, sizes: this.layout === "single" ? "360px" : "220px", width: item.image.width, height: item.image.height, alt: item.image.alt, loading: "lazy", decoding: "async" }));
      const text = make("div", { class: "text" }, make("div", { class: "name" }, item.name), make("div", { class: "soft" }, facts.join(" · ")), make("div", { class: "soft" }, place.join(" · ")), make("div", { class: "price" }, item.price_text ? words.from + " " + item.price_text : ""));
      return make("li", {}, make("a", { class: "card", part: "card", href: this.link(item.link), target: "_blank", rel: "noopener sponsored" }, picture, text));
    }
    refuse(why) {
      console.warn("ocop-products: " + why);
      this.show(make("p", { class: "note", part: "note", role: "note" }, why));
      this.dispatchEvent(new CustomEvent("ocop:refused"));
    }
    seen(feed, items) {
      if (this.counted) return;
      const count = () => { if (!this.counted) { this.counted = true; navigator.sendBeacon && navigator.sendBeacon(`${base}/feeds/${encodeURIComponent(feed)}/views`, items.map(item => item.id).join()); } };
      if (!("IntersectionObserver" in window)) return count();
      const watcher = new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) { watcher.disconnect(); count(); } });
      watcher.observe(this);
    }
  }
  customElements.define("ocop-products", OcopProducts);
})();
