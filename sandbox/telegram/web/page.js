// One person's phone, through the control API. Everything shown comes from there.
"use strict";

const $ = (id) => document.getElementById(id);
const state = {
  chats: [],
  open: null, // key of the chat that is shown
  seen: {}, // key of a chat → how many messages of bots were seen in it
  drawn: "", // what the list of messages was drawn from
  replyTo: null,
  pressed: [], // buttons that wait for their answer
  told: new Set(), // presses whose answer was shown
  knows: 0, // whose old answers are not news
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

const me = () => Number($("user").value);
const mine = (path) => `/users/${me()}/${path}`;
const opened = () => state.chats.find((chat) => chat.key === state.open);

function place(chat) {
  if (chat.bot) return { bot: chat.bot };
  return chat.topic ? { chat: chat.chat, topic: chat.topic } : { chat: chat.chat };
}

const act = {
  write: (text) => attempt(() => call("POST", mine("write"), { ...place(opened()), text })),
  press: (message, button) => attempt(async () => {
    const press = await call("POST", mine("press"), { ...place(opened()), message: message.id, button });
    state.pressed.push(press);
  }),
  reply: (message) => {
    state.replyTo = message;
    $("replying").hidden = false;
    $("replying").firstElementChild.textContent = `Ответ ${message.from_name}: ${message.text.slice(0, 60)}`;
    $("write").text.focus();
  },
};

function stopReplying() {
  state.replyTo = null;
  $("replying").hidden = true;
}

function preview(chat) {
  if (chat.blocked) return "заблокирован";
  if (chat.last) return chat.last.text;
  return chat.bot ? "нажмите «Старт»" : "сообщений нет";
}

function drawChats() {
  const items = state.chats.map((chat) => {
    const button = make("button");
    const title = chat.topic_name ? `${chat.title} · ${chat.topic_name}` : chat.title;
    const round = make("i", "", title.trim().slice(0, 1).toUpperCase());
    round.style.setProperty("--hue", [...title].reduce((sum, sign) => sum + sign.charCodeAt(0) * 7, 0) % 360);
    const unread = chat.from_bots - (state.seen[chat.key] || 0);
    button.append(round, make("b", "", title), make("small", "", chat.last ? clock(chat.last.at) : ""));
    button.append(make("span", "", preview(chat)));
    if (unread > 0) button.append(make("em", "", String(unread)));
    button.setAttribute("aria-current", chat.key === state.open);
    button.onclick = () => open(chat.key);
    const item = make("li");
    item.append(button);
    return item;
  });
  $("chats").replaceChildren(...items);
}

function drawHead(chat) {
  $("title").textContent = chat.title;
  $("subtitle").textContent = chat.bot ? `@${chat.bot} · бот` : chat.topic_name || "группа";
  $("block").hidden = !chat.bot;
  $("block").textContent = chat.blocked ? "Разблокировать" : "Заблокировать";
  $("new-topic").hidden = !(chat.chat && chat.topic_name);
  $("menu").hidden = chat.commands.length === 0;
  if ($("menu").hidden) $("commands").hidden = true;
}

function drawKeyboard(messages) {
  const last = messages.filter((message) => message.keyboard).at(-1);
  const rows = (last && last.keyboard.keyboard) || [];
  $("keyboard").hidden = rows.length === 0;
  $("keyboard").replaceChildren(...rows.flat().map((told) => {
    const text = told.text || told;
    const button = make("button", "", text);
    button.onclick = () => act.write(text);
    return button;
  }));
}

function drawMessages(chat, messages) {
  const wanted = JSON.stringify([chat.key, messages, state.pressed, chat.blocked]);
  if (wanted === state.drawn) return;
  const list = $("messages");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40 || !state.drawn.startsWith(JSON.stringify([chat.key]).slice(0, -1));
  state.drawn = wanted;
  list.replaceChildren(...messages.map((message) => drawMessage(message, me(), !chat.bot, state.pressed, act)));
  if (chat.bot && messages.length === 0) {
    const start = make("button", "", "Старт");
    start.onclick = () => act.write("/start");
    const item = make("li", "service");
    item.append(start);
    list.append(item);
  }
  if (atEnd) list.scrollTop = list.scrollHeight;
  drawKeyboard(messages);
}

function drawAnswers(presses) {
  const first = state.knows !== me();
  state.knows = me();
  state.pressed = state.pressed.filter((mine) => presses.some((press) => press.id === mine.id && press.answer === null));
  for (const press of presses) {
    if (press.answer === null || state.told.has(press.id)) continue;
    state.told.add(press.id);
    if (first || !press.answer) continue;
    if (press.alert) {
      $("alert").firstElementChild.textContent = press.answer;
      if (!$("alert").open) $("alert").showModal();
    } else toast(press.answer);
  }
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $("toast").hidden = true; }, 4000);
}

function drawPeople(users, bots) {
  const chosen = $("user").value || localStorage.getItem("user");
  const key = users.map((user) => user.id + user.name).join();
  if ($("user").dataset.key !== key) {
    $("user").dataset.key = key;
    $("user").replaceChildren(...users.map((user) => new Option(`${user.name} (${user.id})`, user.id)));
    if (users.some((user) => String(user.id) === chosen)) $("user").value = chosen;
  }
  const shown = JSON.stringify(bots.map((bot) => [bot.username, bot.token]));
  if ($("bots").dataset.key !== shown) {
    $("bots").dataset.key = shown;
    $("bots").replaceChildren(...bots.map((bot) => {
      const item = make("li", "", `${bot.name} @${bot.username}`);
      item.append(make("code", "", bot.token));
      return item;
    }));
  }
}

async function refresh() {
  const [users, bots] = await Promise.all([call("GET", "/users"), call("GET", "/bots")]);
  drawPeople(users, bots);
  $("phone").hidden = users.length === 0;
  if (users.length === 0) {
    showTools(true);
    return;
  }
  const who = me();
  const presses = await call("GET", mine("callbacks"));
  state.chats = await call("GET", mine("chats"));
  if (who !== me()) return;
  const chat = opened() || state.chats[0];
  drawAnswers(presses);
  if (chat) {
    state.open = chat.key;
    const messages = await call("GET", mine("messages?") + new URLSearchParams(place(chat)));
    if (who !== me() || state.open !== chat.key) return;
    state.seen[chat.key] = chat.from_bots;
    drawHead(chat);
    drawMessages(chat, messages);
  }
  $("talk").style.visibility = chat ? "" : "hidden";
  drawChats();
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

function open(key) {
  state.open = key;
  stopReplying();
  $("phone").classList.add("open");
  attempt(async () => {});
}

function showTools(shown) {
  $("tools").hidden = !shown;
  $("tools-button").setAttribute("aria-expanded", shown);
}

function onSubmit(id, act) {
  $(id).onsubmit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    attempt(async () => {
      await act(form);
      event.target.reset();
    });
  };
}

onSubmit("write", async (form) => {
  const text = form.get("text");
  const replied = state.replyTo;
  if (replied) await call("POST", mine("reply"), { ...place(opened()), message: replied.id, text });
  else await call("POST", mine("write"), { ...place(opened()), text });
  stopReplying();
});
onSubmit("new-user", async (form) => {
  const made = await call("POST", "/users", { id: Number(form.get("id")), name: form.get("name") });
  localStorage.setItem("user", made.id);
});
onSubmit("new-bot", (form) => call("POST", "/bots", { username: form.get("username"), name: form.get("name") }));
onSubmit("new-group", async (form) => {
  const made = await call("POST", "/groups", { title: form.get("title"), forum: form.get("forum") === "on" });
  await call("POST", `/groups/${made.id}/members`, { user: me() });
  for (const bot of await call("GET", "/bots")) {
    await call("POST", `/groups/${made.id}/members`, { bot: bot.username, admin: true });
  }
});
$("write").text.onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("write").requestSubmit();
  }
};
$("user").onchange = () => {
  localStorage.setItem("user", $("user").value);
  Object.assign(state, { open: null, drawn: "", pressed: [], seen: {} });
  attempt(async () => {});
};
$("tools-button").onclick = () => showTools($("tools").hidden);
$("back").onclick = () => $("phone").classList.remove("open");
$("replying").lastElementChild.onclick = stopReplying;
$("block").onclick = () => attempt(() => call("POST", mine(opened().blocked ? "unblock" : "block"), { bot: opened().bot }));
$("new-topic").onclick = () => {
  const name = prompt("Название темы");
  if (name) attempt(() => call("POST", `/groups/${opened().chat}/topics`, { name }));
};
$("menu").onclick = () => {
  $("commands").hidden = !$("commands").hidden;
  $("commands").replaceChildren(...opened().commands.map((told) => {
    const button = make("button", "", "/" + told.command);
    button.append(make("span", "", told.description));
    button.onclick = () => { $("commands").hidden = true; act.write("/" + told.command); };
    return button;
  }));
};

attempt(async () => {});
// Looking again leaves the last refusal on the screen; only the next action takes it away.
setInterval(() => refresh().catch(tell), 1000);
