// Plays the buyer through the control API. Everything shown comes from there.
"use strict";

const $ = (id) => document.getElementById(id);
const STATUSES = {
  unpaid: "не оплачен",
  paid: "оплачен",
  closed: "закрыт",
  refunded: "возврат",
  partially_refunded: "частичный возврат",
};

async function call(method, path, body) {
  const answer = await fetch("/__sandbox__" + path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(told.detail);
  return told;
}

function fill(select, items, value, text) {
  const chosen = select.value;
  select.replaceChildren(...items.map((item) => new Option(text(item), value(item))));
  if (items.some((item) => String(value(item)) === chosen)) select.value = chosen;
}

function button(text, act) {
  const made = document.createElement("button");
  made.textContent = text;
  made.onclick = () => attempt(act);
  return made;
}

function orderItem(order) {
  const item = document.createElement("li");
  const review = order.review ? ` · ★${order.review.stars} ${order.review.text}` : "";
  const reply = order.review && order.review.reply ? ` · ответ: ${order.review.reply}` : "";
  item.append(`#${order.id} ${order.title}, ${order.price} ${order.currency}: ${STATUSES[order.status]}`);
  item.append(review + reply, document.createElement("br"));
  const act = (name, body) => () => call("POST", `/orders/${order.id}/${name}`, body || {});
  if (order.status === "paid") item.append(button("Подтвердить", act("confirm")), " ");
  if (order.status === "paid" || order.status === "closed") {
    item.append(button("Отзыв", () => {
      const stars = prompt("Оценка от 1 до 5", "5");
      if (stars === null) return null;
      return act("review", { stars: Number(stars), text: prompt("Текст отзыва", "") || "" })();
    }), " ");
  }
  if (order.review) {
    item.append(button("Удалить отзыв", () => call("DELETE", `/orders/${order.id}/review`)));
  }
  return item;
}

function messageItem(message, buyer) {
  const item = document.createElement("li");
  item.className = message.author === 0 ? "site" : message.author_name === buyer ? "mine" : "";
  const time = new Date(message.at).toLocaleTimeString("ru");
  const text = message.image ? "[изображение]" : message.text;
  item.textContent = `${message.author_name}, ${time}\n${text}`;
  return item;
}

async function refresh() {
  const people = await call("GET", "/people");
  const sellers = people.filter((p) => p.role === "seller");
  fill($("seller"), sellers, (p) => p.name, (p) => p.name);
  const buyers = people.filter((p) => p.role === "buyer");
  fill($("buyer"), buyers, (p) => p.name, (p) => p.name);
  const [seller, buyer] = [$("seller").value, $("buyer").value];
  const chosen = sellers.find((p) => p.name === seller);
  $("key").textContent = (chosen && chosen.golden_key) || "нет";
  const query = new URLSearchParams({ seller }).toString();
  const lots = seller ? await call("GET", `/lots?${query}`) : [];
  const label = (lot) => `${lot.title}, ${lot.price}${lot.active ? "" : " (выключен)"}`;
  fill($("buy").lot, lots, (lot) => lot.id, label);
  if (!seller || !buyer) return;
  const both = new URLSearchParams({ viewer: buyer, other: seller }).toString();
  const messages = await call("GET", `/messages?${both}`);
  const atEnd = $("chat").scrollTop + $("chat").clientHeight >= $("chat").scrollHeight - 5;
  $("chat").replaceChildren(...messages.map((m) => messageItem(m, buyer)));
  if (atEnd) $("chat").scrollTop = $("chat").scrollHeight;
  const mine = new URLSearchParams({ seller, buyer }).toString();
  const orders = await call("GET", `/orders?${mine}`);
  $("orders").replaceChildren(...orders.reverse().map(orderItem));
}

async function attempt(act) {
  try {
    await act();
    await refresh();
    $("trouble").hidden = true;
  } catch (error) {
    tell(error);
  }
}

function tell(error) {
  $("trouble").textContent = error.message;
  $("trouble").hidden = false;
}

function onSubmit(id, act) {
  $(id).onsubmit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    attempt(async () => {
      await act(form, event.submitter);
      if (id === "buy") event.target.data.value = "";
      else event.target.reset();
    });
  };
}

onSubmit("buy", (form) => call("POST", "/orders", {
  buyer: $("buyer").value,
  lot: Number(form.get("lot")),
  amount: Number(form.get("amount")),
  data: form.get("data"),
}));
onSubmit("write", (form) => call("POST", "/messages", {
  from: $("buyer").value, to: $("seller").value, text: form.get("text"),
}));
onSubmit("new-person", (form, pressed) => call("POST", "/" + pressed.value, {
  name: form.get("name"),
}));
onSubmit("new-lot", (form) => call("POST", "/lots", {
  seller: $("seller").value,
  title: form.get("title"),
  price: form.get("price"),
  node: Number(form.get("node")),
}));
$("seller").onchange = $("buyer").onchange = () => attempt(async () => {});

attempt(async () => {
  const sections = (await call("GET", "/sections")).filter((s) => s.kind === "lot");
  fill($("new-lot").node, sections, (s) => s.node, (s) => `${s.game}, ${s.name}`);
});
// Looking again leaves the last refusal on the screen; only the next action takes it away.
setInterval(() => refresh().catch(tell), 3000);
