// The page: a search box, cards, a button that buys.
import { buy, dong, market, search } from "./shop.js";

const shop = market(new URLSearchParams(location.search).get("server") ?? "http://127.0.0.1:8080");
const found = document.querySelector<HTMLUListElement>("#found")!;
const said = document.querySelector<HTMLParagraphElement>("#said")!;
const address = { recipient: "Trần Thị Lan", phone: "0912345678", street: "12 phố Hàng Bông", commune_code: "00070" };

async function show(words: string): Promise<void> {
  const cards = await search(shop, words);
  found.replaceChildren(...cards.map(card => {
    const line = document.createElement("li");
    const price = card.price_from ? dong(card.price_from.amount) : "";
    line.append(`${card.name.vi} · ${card.cooperative.name.vi} · ${price} `);
    const button = document.createElement("button");
    button.textContent = "Mua";
    button.onclick = () => buy(shop, [card.slug], address)
      .then(links => { said.textContent = `Đã đặt: ${links.join(", ")}`; }, (fault: Error) => { said.textContent = fault.message; });
    line.append(button);
    return line;
  }));
}

document.querySelector<HTMLFormElement>("form")!.onsubmit = event => {
  event.preventDefault();
  void show(new FormData(event.currentTarget as HTMLFormElement).get("q") as string);
};
void show("");
