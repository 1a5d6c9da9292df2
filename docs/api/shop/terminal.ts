// node terminal.js BASE: searches as people type, buys of two cooperatives, opens the orders.
import { buy, market, search } from "./shop.js";

const base = process.argv[2] ?? "http://127.0.0.1:8080";
const shop = market(base);
const cards = await search(shop, "buoi dien");
if (cards[0]?.slug !== "buoi-dien-du-sang") throw new Error(`found ${cards.map(card => card.slug)}`);
const address = { recipient: "Trần Thị Lan", phone: "0912345678", street: "12 phố Hàng Bông", commune_code: "00070" };
const links = await buy(shop, ["buoi-dien-du-sang", "mat-ong-rung-hop-tien"], address);
for (const link of links) {
  const order = await (await fetch(new URL(new URL(link).pathname + new URL(link).search, base))).json() as { state: string };
  if (order.state !== "placed") throw new Error(`an order is ${order.state}`);
}
const refused = await buy(shop, ["khong-co-san-pham-nay"], address).then(() => "bought", (fault: Error) => fault.message);
if (!refused.startsWith("not_found")) throw new Error(refused);
console.log(`searched, and bought of ${links.length} cooperatives`);
