// Draws messages from their text and entities. Nothing is ever put into the page as HTML.
"use strict";

const WRAPS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function anchor(address, text) {
  const made = make("a", "", text);
  if (/^(https?|tg|mailto|tel):/i.test(address)) made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  made.title = address;
  return made;
}

function wrapper(entity, text, act) {
  const whole = text.slice(entity.offset, entity.offset + entity.length);
  switch (entity.type) {
    case "text_link": return anchor(entity.url);
    case "url": return anchor(/^https?:/i.test(whole) ? whole : "http://" + whole);
    case "spoiler": {
      const made = make("span", "spoiler");
      made.title = "Показать";
      made.onclick = () => made.classList.toggle("open");
      return made;
    }
    case "bot_command": {
      const made = make("button", "command");
      made.type = "button";
      made.onclick = () => act.write(whole);
      return made;
    }
    default: return make(WRAPS[entity.type] || "span");
  }
}

// Entities come in Telegram's order: the outer ones first. Offsets are UTF-16, as in JavaScript.
function drawText(into, text, entities, act, start = 0, end = text.length) {
  let at = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const stop = Math.min(entity.offset + entity.length, end);
    const inner = [];
    for (index += 1; index < entities.length && entities[index].offset < stop; index += 1) {
      inner.push(entities[index]);
    }
    if (entity.offset < at) continue;
    into.append(text.slice(at, entity.offset));
    const made = wrapper(entity, text, act);
    drawText(made, text, inner, act, entity.offset, stop);
    into.append(made);
    at = stop;
  }
  into.append(text.slice(at, end));
}

function clock(moment) {
  return new Date(moment).toLocaleTimeString("ru", { hour: "2-digit", minute: "2-digit" });
}

function drawService(message) {
  const other = message.other;
  if (other.forum_topic_created) return `Создана тема «${other.forum_topic_created.name}»`;
  if (other.migrate_from_chat_id) return "Группа стала супергруппой";
  return null;
}

function drawButtons(message, pressed, act) {
  const rows = make("div", "buttons");
  for (const row of message.markup.inline_keyboard) {
    const line = make("div");
    for (const told of row) {
      if (told.url) {
        line.append(anchor(told.url, told.text + " ↗"));
        continue;
      }
      const waits = pressed.some((press) => press.message === message.id && press.data === told.callback_data);
      const button = make("button", waits ? "waits" : "", told.text);
      button.type = "button";
      button.onclick = () => act.press(message, told.callback_data);
      line.append(button);
    }
    rows.append(line);
  }
  return rows;
}

function drawMessage(message, me, group, pressed, act) {
  const service = drawService(message);
  if (service) return make("li", "service", service);
  const item = make("li", message.from === me ? "mine" : "");
  const bubble = make("div", "bubble");
  if (group && message.from !== me) bubble.append(make("span", "author", message.from_name));
  if (message.reply_to) bubble.append(make("span", "quote", `${message.reply_to.from}: ${message.reply_to.text}`));
  if (message.photo) {
    const image = make("img");
    image.src = "/__sandbox__/photos/" + encodeURIComponent(message.photo);
    image.alt = "фото";
    bubble.append(image);
  }
  if (message.other.sticker) bubble.append(message.other.sticker.emoji + " (стикер)");
  drawText(bubble, message.text, message.entities, act);
  const marks = (message.silent ? "🔕 " : "") + (message.edited ? "изменено " : "");
  bubble.append(make("small", "", marks + clock(message.at)));
  const answer = make("button", "answer", "ответить");
  answer.type = "button";
  answer.onclick = () => act.reply(message);
  bubble.append(answer);
  item.append(bubble);
  if (message.markup) item.append(drawButtons(message, pressed, act));
  return item;
}
