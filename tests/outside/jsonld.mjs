// JSON-LD before a JSON-LD processor: it expands to schema.org's words, with what Google requires of products and offers.
// BASE is the server; run by `tests/run` in a folder with npm's `jsonld`.
import jsonld from "jsonld";

const base = process.env.BASE;
const SCHEMA = "http://schema.org/";
// As schema.org's own context has it: its words, and which of them are addresses.
const context = { "@context": { "@vocab": SCHEMA, id: "@id", type: "@type", url: { "@type": "@id" }, image: { "@type": "@id" }, availability: { "@type": "@id" }, itemCondition: { "@type": "@id" } } };
const documentLoader = async url => {
  if (!/^https?:\/\/schema\.org\/?$/.test(url)) throw new Error(`asked for ${url}`);
  return { contextUrl: null, documentUrl: url, document: context };
};
const fail = why => { console.error(why); process.exit(1); };
const one = (node, name) => node[SCHEMA + name]?.[0];
const value = (node, name) => one(node, name)?.["@value"] ?? one(node, name)?.["@id"];

function product(node, where) {
  if (!node["@type"]?.includes(SCHEMA + "Product")) fail(`${where}: not a Product`);
  for (const name of ["name", "description", "image", "brand", "offers"]) if (!one(node, name)) fail(`${where}: no ${name}`);
  for (const offer of node[SCHEMA + "offers"]) {
    if (!offer["@type"]?.includes(SCHEMA + "Offer")) fail(`${where}: not an Offer`);
    if (!/^\d+$/.test(value(offer, "price"))) fail(`${where}: price ${value(offer, "price")}`);
    if (value(offer, "priceCurrency") !== "VND") fail(`${where}: currency`);
    if (!/^https:\/\/schema\.org\/(InStock|OutOfStock|LimitedAvailability)$/.test(value(offer, "availability"))) fail(`${where}: availability ${value(offer, "availability")}`);
    if (!one(offer, "seller")?.["@type"]?.includes(SCHEMA + "Organization")) fail(`${where}: seller`);
  }
}

const expand = async document => jsonld.expand(document, { documentLoader });
const [list] = await expand(await (await fetch(`${base}/feeds/qua-que-suoi-khoang.jsonld`)).json());
if (!list["@type"].includes(SCHEMA + "ItemList")) fail("not an ItemList");
const items = list[SCHEMA + "itemListElement"];
if (items.length !== 6) fail(`${items.length} items`);
items.forEach((item, index) => {
  if (value(item, "position") !== index + 1) fail("positions");
  product(one(item, "item"), `item ${index + 1}`);
  const seller = one(one(one(item, "item"), "offers"), "seller");
  if (!one(seller, "location")?.["@type"]?.includes(SCHEMA + "Place")) fail("no Place");
});
const inPage = async path => {
  const page = await (await fetch(base + path)).text();
  const text = page.match(/<script type="application\/ld\+json">(.*?)<\/script>/s)?.[1] ?? fail(`${path}: no JSON-LD`);
  return (await expand(JSON.parse(text)))[0];
};
product(await inPage("/p/buoi-dien-du-sang"), "product page");
if (!(await inPage("/c/htx-nong-nghiep-xanh-kim-boi"))["@type"].includes(SCHEMA + "Organization")) fail("cooperative page");
const place = await inPage("/d/suoi-khoang-kim-boi");
if (!one(place, "geo")?.["@type"]?.includes(SCHEMA + "GeoCoordinates")) fail("destination page");
console.log("JSON-LD of a feed and three pages before a JSON-LD processor: passed.");
