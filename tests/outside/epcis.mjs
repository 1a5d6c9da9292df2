// Every EPCIS document we write before epcis2.js, every GS1 Digital Link before digital-link.js, every element string before
// gs1-barcode-parser. BASE is a demo; run by `tests/run` in a folder with those packages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { runInThisContext } from "node:vm";
const require = createRequire(join(process.cwd(), "package.json"));
const { EPCISDocument } = require("epcis2.js");
const { DigitalLink, Utils } = require("digital-link.js");

const base = process.env.BASE;
const fail = why => { console.error(why); process.exit(1); };
let token;
const call = async (method, path, body, type = "json") => {
  const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) fail(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer[type]();
};

token = (await call("POST", "/v1/auth/login", { login: "xanh-kim-boi@example.vn", password: "buoi-dien-kim-boi" })).access_token;
const product = await call("GET", "/v1/products/buoi-dien-du-sang");
const shop = `/v1/seller/cooperatives/${product.cooperative.id}`;
const [six, twelve] = product.offers.map(offer => offer.id);
const today = new Date(Date.now() + 7 * 3600e3).toISOString().slice(0, 10);
const harvest = more => call("POST", `${shop}/lots`, { product_id: product.id, harvested_on: today, contents: [{ offer_id: six, quantity: 20 }], ...more });

// First without keys of GS1, then with them.
const before = (await call("GET", `${shop}/lots`)).items;
const plain = await harvest({ code: "EPCIS-1" });
await call("PUT", `${shop}/gs1-keys`, { gln: "8930000000019", offers: [{ offer_id: six, gtin: "8930000000026" }, { offer_id: twelve, gtin: "96385074" }] });
const plots = (await call("GET", `${shop}/plots`)).items;
const keyed = await harvest({ code: "EPCIS-2", plot_ids: plots.map(plot => plot.id) });
const made = await harvest({ code: "EPCIS-3", contents: [{ offer_id: twelve, quantity: 2 }], made_of: [{ lot_id: keyed.id, offer_id: six, quantity: 6 }], added_g: 1000 });
for (const act of ["stored", "inspected"]) await call("POST", `${shop}/lots/${keyed.id}/events`, { act });
await call("POST", `${shop}/lots/${keyed.id}/write-off`, { offer_id: six, quantity: 1, note: "thử" });
const first = (await call("GET", `${shop}/lots/${plain.id}/events`)).epcisBody.eventList[0];
await call("POST", `${shop}/lots/${plain.id}/events/${first.eventID.replace("urn:uuid:", "")}/error`, { reason: "incorrect_data", quantity: 19, note: "đếm nhầm" });
const told = { type: "AggregationEvent", eventID: "urn:uuid:0b7a2f0e-7b1c-4f0b-9a55-6a2f0f0c8a11", eventTime: "2026-01-24T02:00:00Z", eventTimeZoneOffset: "+07:00", action: "ADD", bizStep: "loading",
  parentID: "urn:epc:id:sscc:0614141.1234567890", childQuantityList: [{ epcClass: `${base}/01/08930000000026/10/${keyed.trace_code.replaceAll("-", "")}`, quantity: 3, uom: "H87" }] };
await call("POST", `${shop}/epcis/capture`, { "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], type: "EPCISDocument", schemaVersion: "2.0", creationDate: "2026-01-24T03:00:00Z", epcisBody: { eventList: [told] } });

// A judge that lets everything pass is none.
for (const wrong of [{ action: "LOOK" }, { eventTime: "yesterday" }, { bizStep: "not a step" }]) {
  let refused = false;
  try { refused = !new EPCISDocument({ "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], type: "EPCISDocument", schemaVersion: "2.0", creationDate: "2026-01-24T03:00:00Z", epcisBody: { eventList: [{ ...first, ...wrong }] } }).isValid(); } catch { refused = true; }
  if (!refused) fail(`epcis2.js takes ${JSON.stringify(wrong)}`);
}

let events = 0, documents = 0;
const steps = new Set(), links = new Set();
const valid = (document, where) => {
  let read;
  try { read = new EPCISDocument(document); if (!read.isValid()) throw new Error("not valid"); } catch (error) { fail(`${where}: ${error.message ?? error}\n${JSON.stringify(document, null, 1).slice(0, 3000)}`); }
  documents += 1;
  for (const event of document.epcisBody.eventList) {
    events += 1;
    steps.add(event.errorDeclaration ? "declaration" : event.bizStep);
    for (const name of ["quantityList", "inputQuantityList", "outputQuantityList"]) for (const of of event[name] ?? []) if (of.epcClass.includes("/01/")) links.add(of.epcClass);
  }
};
for (const lot of [...before, plain, keyed, made]) valid(await call("GET", `${shop}/lots/${lot.id}/events`), lot.code);
const found = await call("GET", "/v1/epcis/events?perPage=100");
valid({ ...found, type: "EPCISDocument", epcisBody: { eventList: found.epcisBody.queryResults.resultsBody.eventList } }, "all events");
for (const step of ["commissioning", "packing", "shipping", "retail_selling", "storing", "inspecting", "destroying", "stock_taking", "loading", "declaration"]) if (!steps.has(step)) fail(`no event of ${step} among ${[...steps]}`);

// Links: as events name lots, and as labels carry them.
for (const lot of [keyed, made]) for (const content of (await call("GET", `${shop}/lots/${lot.id}`)).contents) links.add(content.digital_link);
for (const gtin of ["08930000000026", "00000096385074"]) links.add(`${base}/01/${gtin}/10/A1%2FB-2/21/R4T8QXMW`);
for (const link of links) {
  const read = DigitalLink(link);
  if (!read.isValid()) fail(`${link}: ${JSON.stringify(read.getValidationTrace?.() ?? "not valid")}`);
  const again = DigitalLink({ domain: read.getDomain(), identifier: read.getIdentifier(), keyQualifiers: read.getKeyQualifiers(), attributes: read.getAttributes() });
  if (again.toWebUriString() !== link) fail(`${link} is rebuilt as ${again.toWebUriString()}`);
}
const set = await call("GET", `/01/08930000000026/10/${keyed.trace_code.replaceAll("-", "")}?linkType=linkset`);
if (!set.linkset[0]["https://gs1.org/voc/defaultLink"]) fail("no default link");

// Element strings: what a scanner of GS1's own codes reads.
// Made for a page: it leaves its function behind for everybody.
const parse = runInThisContext(`${readFileSync(require.resolve("gs1-barcode-parser"), "utf8")}\n; parseBarcode`);
let strings = 0;
for (const lot of [keyed, made]) for (const content of (await call("GET", `${shop}/lots/${lot.id}`)).contents) {
  const parts = Object.fromEntries(parse(content.element_string).parsedCodeItems.map(item => [item.ai, item.data]));
  const code = lot.trace_code.replaceAll("-", "");
  if (!content.digital_link.includes(`/01/${parts["01"]}/10/${parts["10"]}`) || parts["10"] !== code) fail(`${content.element_string} reads as ${JSON.stringify(parts)}`);
  const day = new Date(Date.UTC(parts["11"].getFullYear(), parts["11"].getMonth(), parts["11"].getDate())).toISOString().slice(0, 10);
  if (day !== today) fail(`made on ${day}, not ${today}`);
  strings += 1;
}
console.log(`${events} events in ${documents} documents before epcis2.js, ${links.size} links before digital-link.js, ${strings} element strings before gs1-barcode-parser: passed.`);
