// A shop of one's own over the API, typed by its OpenAPI document: lists, searches, buys. `page.ts` is its page;
// `node shop.js` does the same in a terminal.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Card = components["schemas"]["ProductCard"];
export type Address = components["schemas"]["AddressInput"];

/** A server of the market, such as `http://127.0.0.1:8080`. */
export const market = (baseUrl: string) => createClient<paths>({ baseUrl, headers: { "accept-language": "vi" } });
export type Market = ReturnType<typeof market>;

/** What went wrong, in words for people: problems tell a code for programs, too. */
const told = (problem: unknown): Error => {
  const { detail, code } = problem as { detail?: string; code?: string };
  return new Error(`${code ?? "?"}: ${detail ?? JSON.stringify(problem)}`);
};

/** Products on sale; words may be typed without accents. */
export async function search(shop: Market, words: string): Promise<Card[]> {
  const { data, error } = await shop.GET("/v1/products", { params: { query: { q: words, limit: 12 } } });
  if (!data) throw told(error);
  return data.items;
}

/** Buys one pack of each product, paid on delivery; the links of the orders. */
export async function buy(shop: Market, slugs: string[], address: Address): Promise<string[]> {
  const items = [];
  for (const slug of slugs) {
    const { data, error } = await shop.GET("/v1/products/{key}", { params: { path: { key: slug } } });
    const offer = data?.offers[0];
    if (!offer) throw told(error ?? { code: "not_found", detail: slug });
    items.push({ offer_id: offer.id, quantity: offer.min_quantity });
  }
  const cart = await shop.POST("/v1/carts", { body: { items } });
  if (!cart.data?.token) throw told(cart.error);
  // The token is the guest's key to the basket.
  const key = { "X-Cart-Token": cart.data.token };
  const quote = await shop.POST("/v1/carts/{id}/quote", {
    params: { path: { id: cart.data.id }, header: key }, body: { address },
  });
  if (!quote.data) throw told(quote.error);
  // Asked again with the same key, the server answers the same and sells once.
  const header = { ...key, "Idempotency-Key": crypto.randomUUID() };
  const bought = await shop.POST("/v1/checkouts", {
    params: { header },
    body: {
      cart_id: cart.data.id, quote_id: quote.data.id, payment_method: "cash_on_delivery",
      contact: { name: address.recipient, phone: address.phone },
    },
  });
  if (!bought.data) throw told(bought.error);
  return bought.data.orders.map(order => order.link);
}

/** An amount as people read it: `250.000 ₫`. */
export const dong = (amount: number): string => new Intl.NumberFormat("vi-VN").format(amount) + " ₫";
