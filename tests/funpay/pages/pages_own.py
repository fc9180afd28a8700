"""One small page per parser with everything that it may hold, made-up values throughout."""

from __future__ import annotations

from pages_cast import page

CONTACT = """
<a href="https://funpay.com/chat/?node=200000001" class="contact-item unread" data-id="200000001"
 data-node-msg="4900000010" data-user-msg="4900000007">
 <div class="contact-item-photo"><div class="avatar-photo"
  style="background-image: url(/img/layout/avatar.png);"></div></div>
 <div class="media-user-name">BuyerOne</div>
 <div class="contact-item-message">Здравствуйте</div>
 <div class="contact-item-time">01:57</div></a>"""

HEAD = """
<div class="chat-msg-item chat-msg-with-head" id="message-4900000011">
 <div class="chat-message-list-date"><span class="inside">17 августа</span></div>
 <div class="chat-message"><div class="media-user-name">
  <a href="https://funpay.com/users/1000002/" class="chat-msg-author-link">BuyerOne</a>
  <span class="chat-msg-author-label label label-default">автоответ</span>
  <div class="chat-msg-date" title="17 августа, 4:21:41">4:21:41</div></div>
 <div class="chat-msg-body"><div class="chat-msg-text">текст<br>вторая строка</div></div>
 </div></div>"""

FOLLOW_UP = """<div class="chat-msg-item" id="message-4900000012"><div class="chat-message">
 <div class="chat-msg-body"><div class="chat-msg-text">ещё</div></div></div></div>"""

PAID_TEXT = (
    "Покупатель BuyerOne оплатил заказ #ABCD1234. Игра, лот, 3 шт.\n"
    "BuyerOne, не забудьте потом нажать кнопку «Подтвердить выполнение заказа»."
)

SYSTEM = """<div class="chat-msg-item chat-msg-with-head" id="message-4900000013">
 <div class="chat-message"><div class="media-user-name">FunPay
  <span class="chat-msg-author-label label label-primary">оповещение</span>
  <div class="chat-msg-date" title="17 августа, 11:22:00">11:22:00</div></div>
 <div class="chat-msg-body"><div class="alert alert-with-icon alert-info" role="alert"><i></i>
  <div class="chat-msg-text">Покупатель <a href="https://funpay.com/users/1000002/">BuyerOne</a>
оплатил <a href="https://funpay.com/orders/ABCD1234/">заказ #ABCD1234</a>. Игра, лот, 3 шт.
<a href="https://funpay.com/users/1000002/">BuyerOne</a>, не забудьте потом нажать кнопку
«Подтвердить выполнение заказа».</div></div></div></div></div>"""

IMAGE = """<div class="chat-msg-item" id="message-4900000014"><div class="chat-message">
 <div class="chat-msg-body"><a class="chat-img-link" href="https://sfunpay.com/s/chat/big.jpg">
 <img class="chat-img" src="https://sfunpay.com/s/chat/small.jpg" alt="снимок.jpg"></a>
 </div></div></div>"""

CHAT_BOX = f"""<div class="chat chat-float" data-id="200000001" data-name="users-1000001-1000002"
 data-user="1000001" data-tag="a1b2c3d4" data-bookmarks-tag="e5f6g7h8" data-history="1">
 <div class="chat-header"><div class="media media-user online">
  <a href="https://funpay.com/users/1000002/"></a>
  <div class="media-user-name"><a href="https://funpay.com/users/1000002/">BuyerOne</a></div>
  </div></div>
 <div class="chat-message-list">{HEAD}{FOLLOW_UP}{SYSTEM}{IMAGE}</div></div>"""

CHAT = page(
    "content-chat content-chat-index",
    f"""<div class="chat-full"><div class="contact-list custom-scroll">{CONTACT}</div>{CHAT_BOX}
 <div class="chat-detail"><div class="param-item chat-panel" data-type="c-p-u" data-id="1000002"
 data-tag="df4t41qr"><h5>Покупатель смотрит</h5>
 <div><a href="https://funpay.com/lots/offer?id=12345">Название лота</a></div></div></div></div>""",
)

NO_DIALOG = page(
    "content-chat content-chat-index",
    """<div class="contact-list"></div><div class="chat chat-float chat-not-selected"
 data-bookmarks-tag="e5f6g7h8" data-user="1000001"></div>""",
)

ORDER_ROW = """<a class="tc-item info" href="https://funpay.com/orders/ABCD1234/">
 <div class="tc-date"><div class="tc-date-time">сегодня, 13:56</div>
  <div class="tc-date-left">10 минут назад</div></div>
 <div class="tc-order">#ABCD1234</div>
 <div class="order-desc"><div>Название лота, 3 шт.</div>
  <div class="text-muted">Game, Аккаунты</div></div>
 <div class="tc-user"><div class="media media-user offline banned">
  <div class="media-left"><div class="avatar-photo pseudo-a"
   data-href="https://funpay.com/users/1000002/"></div></div>
  <div class="media-body"><div class="media-user-name"><span class="pseudo-a"
   data-href="https://funpay.com/users/1000002/">BuyerOne</span></div>
   <div class="media-user-status">был 2 часа назад</div></div></div></div>
 <div class="tc-status text-primary">Оплачен</div>
 <div class="tc-price text-nowrap tc-seller-sum">1\u00a0010.50 <span class="unit"
  >₽</span></div></a>"""

MORE = """<form method="post" class="dyn-table-form" action="https://funpay.com/orders/trade">
 <input type="hidden" name="continue" value="ABCD1000"></form>"""

ORDERS = page(
    "content-orders content-orders-trade",
    f'<div class="tc dyn-table orders-table"><div class="tc-header"><div class="tc-price">Сумма'
    f'</div></div><div class="dyn-table-body">{ORDER_ROW}</div></div>{MORE}',
)
NO_ORDERS = page("content-orders content-orders-trade", "<h1>Мои продажи</h1>")

REVIEW = """<div class="order-review"><h5><span>Отзыв</span></h5>
 <div class="review-container" data-order="ABCD1234" data-rating="4" data-rating-max="5">
 <div class="review-item"><div class="review-item-row" data-row="review" data-author="1000002">
  <div class="review-compiled-review"><div class="review-item-user">
   <div class="rating"><div class="rating4"></div></div>
   <div class="review-item-date">В этом месяце</div>
   <div class="review-item-detail">Game, с запятой, 100 ₽</div></div>
   <div class="review-item-text">Хорошо<br>и быстро</div></div></div>
 <div class="review-item-row" data-row="reply" data-author="1000001">
  <div class="review-item-answer review-compiled-reply"><div>Спасибо</div></div></div>
 </div></div></div>"""

ORDER = page(
    "content-orders content-orders-order",
    f"""<h1 class="page-header">Заказ #ABCD1234 <span class="text-success">Закрыт</span></h1>
<div class="param-list"><div class="row">
 <div class="param-item"><h5>Игра</h5><div class="text-bold">Game</div></div>
 <div class="param-item"><h5>Категория</h5><div><a
  href="https://funpay.com/lots/81/">Аккаунты</a></div></div>
 <div class="param-item"><h5>Количество</h5><div class="text-bold">3 шт.</div></div>
 <div class="param-item"><h5>Ник в игре</h5><div class="text-bold">Hero</div></div></div>
 <div class="param-item"><h5>Краткое описание</h5><div>Золото, 100</div></div>
 <div class="param-item"><h5>Подробное описание</h5><div>строка<br>вторая</div></div>
 <div class="param-item"><h5>Открыт</h5><div><strong>сегодня, 13:56
  <span class="text-nowrap">(10 минут назад)</span></strong></div></div>
 <div class="param-item"><h5>Закрыт</h5><div><strong>сегодня, 14:56</strong></div></div>
 <div class="param-item"><h5>Сумма</h5><div><span class="h1">10.5</span>
  <strong>₽</strong></div></div>
 <div class="param-item order-secrets-box"><h5>Оплаченный товар</h5>
  <ul class="order-secrets-list"><li><span class="secret-placeholder">login:pass</span>
  <a class="btn-copy" data-copy="login:pass">копировать</a></li></ul></div>
 <div class="param-item"><h5>Действия</h5><button class="btn btn-refund">Вернуть</button></div>
</div>{CHAT_BOX.replace('data-bookmarks-tag="e5f6g7h8"', "")}
<div class="review-list">{REVIEW}</div>""",
)

LOT_ROW = """<a href="https://funpay.com/lots/offer?id=30000001" class="tc-item" data-server="7059"
 data-side="8" data-online="1" data-auto="1" data-f-type="оружие">
 <div class="tc-server hidden-xs">Server</div><div class="tc-side hidden-xs">Empire</div>
 <div class="tc-desc"><div class="tc-desc-text">Золото, 100</div></div>
 <div class="tc-user"><div class="media media-user online">
  <div class="avatar-photo pseudo-a" data-href="https://funpay.com/users/5/"></div>
  <div class="media-user-name"><span class="pseudo-a" data-href="https://funpay.com/users/5/"
   >SellerTwo</span></div>
  <div class="media-user-reviews"><div class="rating-stars rating-4"></div>
   <span class="rating-mini-count">400</span></div></div></div>
 <div class="tc-amount hidden-xxs">997</div>
 <div class="tc-price" data-s="1071.109980"><div>1071 <span class="unit">₽</span></div></div></a>"""

TABLE = f"""<div class="tc showcase-table" data-section-type="lot"><div class="tc-header">
 <div class="tc-price">Цена</div></div>{LOT_ROW}</div>"""

SECTION = page(
    "content-lots content-lots-node",
    f"""<h1>Аккаунты Game</h1><div class="counter-list">
 <a class="counter-item active" href="https://funpay.com/lots/81/">
 <div class="counter-param">Аккаунты</div><div class="counter-value">1</div></a></div>
 <div class="showcase" data-game="41" data-section="lot-81">{TABLE}</div>""",
)

PUBLIC_REVIEW = """<div class="review-container"><div class="review-item">
 <div class="review-item-row"><div class="review-compiled-review"><div class="review-item-user">
  <div class="rating"><div class="rating5"></div></div>
  <div class="media-user-name"><a href="/users/1000002/">BuyerOne</a></div>
  <div class="review-item-order"><a href="/orders/ABCD1234/">Заказ #ABCD1234</a></div>
  <div class="review-item-date">В этом месяце</div>
  <div class="review-item-detail">Game, с запятой, 100 ₽</div></div>
  <div class="review-item-text">Хорошо</div></div></div></div></div>"""

REVIEWS = f"""<div class="dyn-table"><div class="dyn-table-body">{PUBLIC_REVIEW}</div></div>
<form class="dyn-table-form"><input type="hidden" name="user_id" value="1000001">
<input type="hidden" name="continue" value="MTIz=="></form>"""

PROFILE = page(
    "content-users content-users-user",
    f"""<h1 class="mb40 online"><span class="mr4">SellerOne</span>
 <small class="user-badges"><span class="label label-success">поддержка</span></small>
 <span class="media-user-status">Онлайн<br></span></h1>
 <div class="param-item"><h5>Дата регистрации</h5><div>14 августа 2015, 18:19<br>9 лет
  назад</div></div>
 <div class="rating-value"><span class="big">4.9</span> <span>из 5</span></div>
 <div class="rating-full"><div class="rating-full-item5"><div class="rating-progress">
  <div style="width: 82%;"></div></div></div></div>
 <div class="rating-full-count"><a href="https://funpay.com/users/1000001/#reviews">Всего 415<br>
  отзывов</a></div>
 <div class="offer"><div class="offer-list-title"><h3><a href="https://funpay.com/lots/81/"
  >Аккаунты Game</a></h3></div>{TABLE}</div>
 <div class="offer">{REVIEWS}</div>
 <div class="chat chat-float" data-id="200000001" data-name="users-5-1000001"></div>""",
)

OWN_LOTS = page(
    "content-lots content-lots-trade",
    """<a class="js-back-link" href="https://funpay.com/lots/81/">назад</a>
 <button class="btn js-lot-raise" data-game="41" data-node="81">Поднять</button>
 <a class="btn" href="https://funpay.com/lots/offerEdit?node=81">Добавить</a>
 <div class="tc showcase-table" data-section-type="lot"><div class="tc-header"></div>
 <a class="tc-item warning" data-offer="300"
  href="https://funpay.com/lots/offerEdit?node=81&offer=300">
  <div class="tc-desc"><div class="tc-desc-text">Золото, 100</div></div>
  <div class="tc-amount">4</div>
  <div class="tc-price" data-s="9.5"><div>9.5 <span class="unit">₽</span></div></div></a></div>""",
)

CONDITIONS = (
    "[{&quot;id&quot;:&quot;kind&quot;,&quot;type&quot;:5,&quot;conditions&quot;:[]},"
    "{&quot;id&quot;:&quot;level&quot;,&quot;type&quot;:1,&quot;conditions&quot;:"
    "[{&quot;id&quot;:&quot;kind&quot;,&quot;list&quot;:[&quot;аккаунт&quot;]}]}]"
)
LOT_FORM = page(
    "content-lots content-lots-offeredit",
    f"""<form action="https://funpay.com/lots/offerSave" class="form-offer-editor">
 <input type="hidden" name="csrf_token" value="a1b2c3d4e5f6g7h8">
 <input type="hidden" name="form_created_at" value="1770000000">
 <input type="hidden" name="offer_id" value="300"><input type="hidden" name="node_id" value="81">
 <input type="hidden" name="location" value=""><input type="hidden" name="deleted" value="">
 <select name="server_id"><option value="">—</option><option value="7">Server</option></select>
 <div class="lot-fields live" data-fields="{CONDITIONS}">
  <select name="fields[kind]"><option value=""></option>
   <option value="Аккаунт" selected>Аккаунт</option><option value="Ключ">Ключ</option></select>
  <div class="lot-field" data-id="level"><input type="text" name="fields[level]" value="20"></div>
  <input type="text" name="fields[summary][ru]" value="Золото &quot;100&quot;">
  <textarea name="fields[desc][ru]">
строка
вторая</textarea>
  <input type="text" name="fields[off]" value="x" disabled></div>
 <input type="checkbox" name="auto_delivery" checked><textarea name="secrets">AAAA
BBBB</textarea>
 <input type="text" name="price" value="9.5"><input type="text" name="amount" value="4">
 <input type="checkbox" name="active"><input type="checkbox" name="deactivate_after_sale" checked>
 <button type="submit" name="go" value="1">Сохранить</button></form>
 <input name="cc-option-analytics" value="1">""",
)
NOT_MY_LOT = page("content-lots content-lots-offeredit", '<p class="lead">Нет доступа.</p>')

OFFER = page(
    "content-lots content-lots-offer",
    f"""<a href="https://funpay.com/lots/81/" class="js-back-link">Аккаунты</a>
 <div class="page-header"><h1>Оформление заказа</h1>
  <div class="offer-header-auto-dlv-label">авто</div></div>
 <div class="param-list"><div class="param-item"><h5>Наличие</h5><div>1 шт.</div></div>
 <div class="param-item"><h5>Краткое описание</h5><div>Золото</div></div>
 <div class="param-item"><h5>Подробное описание</h5><div>строка<br>вторая</div></div></div>
 <a class="attachments-thumb" href="https://sfunpay.com/s/offer/big.jpg"></a>
 <div class="chat chat-float" data-name="users-5-1000001" data-offer="lot:30000001"
  data-seller="5" data-tag="os3fqqhk"><div class="chat-header"><div class="media-user online">
  <div class="media-user-name"><a href="https://funpay.com/users/5/">SellerTwo</a></div>
  </div></div></div>
 <form action="https://funpay.com/orders/new"><input type="hidden" name="csrf_token" value="c">
 <input type="hidden" name="offer_id" value="30000001">
 <input type="text" name="username" value="">
 <select class="form-control selectpicker" name="method" data-balance-rub="10.5"
  data-balance-total-rub="12" data-balance-usd="0" data-balance-total-usd="0"
  data-balance-eur="0" data-balance-total-eur="1.25">
  <option value="0"
   data-content="<span class=&quot;payment-value&quot;>от 1664.96 ₽</span>"></option>
  <option value="7">Карта</option></select></form>{PUBLIC_REVIEW}""",
)

TRANSACTION = """<div class="tc-item transaction-status-waiting" data-transaction="123456789">
 <div class="tc-date"><span class="tc-date-time">30 октября 2022, 14:12 </span></div>
 <span class="tc-title">Пополнение баланса #24729278</span>
 <span class="tc-payment-number">+375</span>
 <span class="payment-logo payment-method-7"></span>
 <div class="tc-price">&minus; 68.52 <span class="unit">₽</span></div></div>"""
TRANSACTIONS = f"""<div class="tc dyn-table transactions">{TRANSACTION}</div>
<form class="dyn-table-form"><input type="hidden" name="continue" value="26924320"></form>"""

BALANCE = page(
    "content-account content-account-balance",
    f"""<h1 class="balances-header"><span class="balances-list">
 <span class="balances-value">1 234.5 ₽</span><span class="balances-delimiter">,</span>
 <span class="balances-value">0.70 $</span><span class="balances-value">0 €</span></span></h1>
 {TRANSACTIONS}""",
)

GAMES = """<div class="promo-games"><div class="promo-game-list"><div class="promo-game-item">
 <div class="btn-group"><button data-id="41">EU</button><button data-id="42">NA</button></div>
 <div class="game-title" data-id="41"><a href="https://funpay.com/lots/81/">Game</a></div>
 <div class="game-title hidden" data-id="42"><a href="https://funpay.com/lots/90/">Game</a></div>
 <ul class="list-inline" data-id="41"><li><a href="https://funpay.com/lots/81/">Аккаунты</a></li>
  <li><a href="https://funpay.com/chips/2/">Золото</a></li></ul>
 <ul class="list-inline hidden" data-id="42"><li><a href="https://funpay.com/lots/90/"
  >Аккаунты</a></li></ul></div></div></div>"""
MAIN = page("content-promo content-promo-index", GAMES + GAMES)
