"""Texts to buyers, in Russian; the seller may change each of them (contract 9.8)."""

from __future__ import annotations

from opium.text import Catalogue, Template

_TERM = ("game_id", "login", "remaining")
_SOON = ("game_id", "soonest_remaining")
_ACCESS = ("login", "password", "guard_code", "remaining", "end_date")

_STATUS = {
    "status_no_game_arg": Template(
        "!статус без игры",
        "Напишите игру после команды, например: !статус cs2",
    ),
    "game_not_found": Template(
        "Игра не найдена",
        "Не нашли игру «{game_query}». Проверьте, пожалуйста, название "
        "или напишите его так, как в лоте.",
        ("game_query",),
    ),
    "status_no_accounts": Template(
        "У игры нет аккаунтов",
        "Для {game_id} сейчас нет аккаунтов в аренду.",
        ("game_id",),
    ),
    "status_free": Template(
        "Есть свободные",
        "{game_id}: свободно {free_count} из {total_count}.",
        ("game_id", "free_count", "total_count"),
    ),
    "status_all_busy": Template(
        "Все заняты",
        "{game_id}: сейчас все аккаунты заняты.\n{soonest_remaining}",
        _SOON,
    ),
    "soonest_info": Template(
        "Когда освободится",
        "Ближайший освободится примерно через {soonest_time}.",
        ("soonest_time",),
    ),
    "help": Template(
        "Список команд",
        "Что я умею:\n"
        "!код - код Steam Guard\n"
        "!данные - логин, пароль и сколько осталось\n"
        "!статус <игра> - есть ли свободные аккаунты\n"
        "!аренда <игра> - получить аккаунт по оплаченному заказу, который ждёт\n"
        "!продлить <логин> - добавить время из оплаченного заказа, который ждёт\n"
        "!возврат - вернуть деньги за заказы, которые ещё ждут аккаунта\n"
        "!помощь - этот список",
    ),
}

_ACCOUNT = {
    "no_rentals": Template("Нет аренды", "Сейчас у вас нет активной аренды."),
    "account_info": Template(
        "Данные аккаунта",
        "{game_id}, заказ #{order_id}\n"
        "Логин: {login}\n"
        "Пароль: {password}\n"
        "Код Steam Guard: {guard_code}\n"
        "Осталось: {remaining} (до {end_date})",
        ("game_id", "order_id", *_ACCESS),
    ),
    "code_no_guard": Template(
        "Код не нужен",
        "Для ваших аккаунтов код Steam Guard не требуется. "
        "Если Steam всё же просит его, напишите нам.",
    ),
    "code_success": Template(
        "Код Steam Guard",
        "Код для {login}: {guard_code}\nВводите сразу: он действует несколько секунд.",
        ("login", "guard_code"),
    ),
    "code_error": Template(
        "Код не получен",
        "Не удалось получить код для {login}. Повторите !код через минуту; "
        "если не поможет, напишите нам.",
        ("login",),
    ),
    "codes_closed": Template(
        "Коды закрыты",
        "Коды для {login} сейчас не выдаются: время аренды вышло, или на аккаунте меняется "
        "пароль. Если аренда ещё идёт, повторите !код через пару минут.",
        ("login",),
    ),
}

_EXTEND = {
    "extend_no_login_arg": Template(
        "!продлить без логина",
        "Напишите логин аккаунта после команды: !продлить <логин>\nВаши логины покажет !данные",
    ),
    "extend_no_pending": Template(
        "Нечем продлить",
        "Нет оплаченного заказа для продления. Оплатите нужное время тем же лотом "
        "и повторите команду.",
    ),
    "extend_no_rental": Template(
        "Нет такой аренды",
        "У вас нет активной аренды с логином {login}. Ваши логины покажет !данные",
        ("login",),
    ),
    "extend_success": Template(
        "Аренда продлена",
        "Готово! Аренда {login} продлена на {duration}.\nОсталось: {remaining}",
        ("login", "duration", "remaining"),
    ),
}

_RENT = {
    "rent_no_game_arg": Template(
        "!аренда без игры",
        "Напишите игру после команды, например: !аренда cs2",
    ),
    "rent_no_pending": Template(
        "Нет оплаченного заказа",
        "Не нашли оплаченного заказа на {game_id}, который ждёт аккаунта.",
        ("game_id",),
    ),
    "rent_no_free_accounts": Template(
        "Свободных нет",
        "Для {game_id} пока нет свободного аккаунта.\n{soonest_remaining}\n"
        "Пришлём данные сами, как только он появится. Вернуть деньги: !возврат",
        _SOON,
    ),
    "rent_success": Template(
        "Выдача аккаунта",
        "Спасибо за заказ! Ваш аккаунт {game_id}:\n\n"
        "Логин: {login}\n"
        "Пароль: {password}\n\n"
        "Код Steam Guard: напишите !код, когда Steam его попросит\n"
        "Время аренды: {remaining} (до {end_date})\n\n"
        "Данные ещё раз: !данные\n"
        "Продлить: оплатите лот ещё раз и напишите !продлить {login}\n"
        "Все команды: !помощь",
        ("game_id", *_ACCESS),
    ),
}

_REFUND = {
    "refund_no_pending": Template(
        "Нечего возвращать",
        "Нет заказов, за которые можно вернуть деньги командой: вернуть можно только те, "
        "по которым аккаунт ещё не выдан. По другим вопросам напишите нам.",
    ),
    "refund_success": Template(
        "Деньги возвращены",
        "Деньги вернулись к вам. Заказы: {order_ids}",
        ("order_ids",),
    ),
    "refund_failed": Template(
        "Возврат не прошёл",
        "Вернуть деньги сейчас не удалось. Заказы: {order_ids}\n"
        "Мы уже знаем об этом и поможем; ваш заказ не потеряется.",
        ("order_ids",),
    ),
}

_DELIVERY = {
    "delivery_existing_rental": Template(
        "Повторная оплата той же игры",
        "Спасибо за оплату! Вы уже арендуете {game_id} (логин {login}, осталось {remaining}). "
        "Выберите, что сделать с новым заказом:\n\n"
        "!продлить {login} - добавить это время к аренде\n"
        "!аренда {game_id} - получить ещё один аккаунт\n"
        "!возврат - вернуть деньги за новый заказ",
        _TERM,
    ),
    "delivery_no_accounts": Template(
        "Оплачено, но свободных нет",
        "Спасибо за заказ! Все аккаунты {game_id} сейчас заняты.\n{soonest_remaining}\n"
        "Пришлём данные сюда сами, как только аккаунт освободится; "
        "время аренды начнётся только тогда.\n"
        "Не хотите ждать: напишите !возврат, и деньги вернутся к вам.",
        _SOON,
    ),
}

_EXPIRY = {
    "expiry_warning": Template(
        "Скоро конец аренды",
        "Аренда {game_id} (логин {login}) закончится через {remaining}.\n"
        "Чтобы продлить, оплатите лот ещё раз и напишите: !продлить {login}",
        _TERM,
    ),
    "rental_expired": Template(
        "Аренда закончилась",
        "Аренда {game_id} (логин {login}) закончилась. Спасибо, что были с нами!",
        ("game_id", "login"),
    ),
    "rental_expired_confirm": Template(
        "Просьба подтвердить заказ",
        "Если всё было хорошо, подтвердите, пожалуйста, заказ: "
        "https://funpay.com/orders/{order_id}/",
        ("order_id",),
    ),
    "rental_expired_review": Template(
        "Просьба об отзыве",
        "Будем рады вашему отзыву о заказе #{order_id}.",
        ("order_id",),
    ),
    "bonus_added": Template(
        "Бонус за отзыв",
        "Спасибо за отзыв! Добавили {bonus} к аренде {game_id} (логин {login}).\n"
        "Осталось: {remaining}",
        ("game_id", "login", "bonus", "remaining"),
    ),
    "bonus_removed": Template(
        "Бонус снят",
        "Отзыв изменён или удалён, поэтому бонус {bonus} к аренде {game_id} (логин {login}) "
        "больше не действует.\nОсталось: {remaining}",
        ("game_id", "login", "bonus", "remaining"),
    ),
    "rental_terminated": Template(
        "Аренда завершена досрочно",
        "Аренда {game_id} (логин {login}) по заказу #{order_id} завершена. "
        "Если остались вопросы, напишите нам.",
        ("game_id", "login", "order_id"),
    ),
}

_GROUPS = {
    "status": ("!статус и !помощь", "Есть ли свободные аккаунты, и что умеет бот", _STATUS),
    "account": ("!данные и !код", "Данные аккаунта и коды Steam Guard", _ACCOUNT),
    "extend": ("!продлить", "Продление аренды оплаченным заказом", _EXTEND),
    "rent": ("!аренда и выдача", "Выдача аккаунта: сразу после оплаты или по команде", _RENT),
    "refund": ("!возврат", "Возврат денег за заказы, которые ждут аккаунта", _REFUND),
    "delivery": ("После оплаты", "Когда аккаунт нельзя выдать сразу", _DELIVERY),
    "expiry": ("Конец аренды", "Предупреждение, конец аренды и бонус за отзыв", _EXPIRY),
}

CATALOGUE = Catalogue(
    templates={
        key: template for _, _, texts in _GROUPS.values() for key, template in texts.items()
    },
    groups=[
        {"id": name, "label": label, "description": what, "keys": list(texts)}
        for name, (label, what, texts) in _GROUPS.items()
    ],
    docs={
        "game_query": "Что покупатель написал вместо игры",
        "game_id": "Игра",
        "free_count": "Сколько аккаунтов свободно",
        "total_count": "Сколько аккаунтов всего",
        "soonest_remaining": "Строка «Когда освободится»; пусто, если это неизвестно",
        "soonest_time": "Через сколько освободится ближайший аккаунт",
        "order_id": "Номер заказа без #",
        "login": "Логин Steam",
        "password": "Действующий пароль Steam",
        "guard_code": "Код Steam Guard; живёт до 30 секунд, поэтому лучше !код",
        "remaining": "Сколько осталось, например 2ч 15м",
        "end_date": "Когда закончится аренда",
        "duration": "На сколько продлена аренда",
        "order_ids": "Номера заказов через запятую",
        "bonus": "Сколько времени добавлено или снято",
    },
    examples={
        "game_query": "кс 2",
        "game_id": "cs2",
        "free_count": "2",
        "total_count": "5",
        "soonest_remaining": "Ближайший освободится примерно через 2ч 15м.",
        "soonest_time": "2ч 15м",
        "order_id": "ABCD1234",
        "login": "steam_login",
        "password": "p4ssw0rd",
        "guard_code": "7K3M9",
        "remaining": "2ч 15м",
        "end_date": "15.02.2026 12:00",
        "duration": "12ч",
        "order_ids": "#ABCD1234, #EFGH5678",
        "bonus": "2ч",
    },
)
