"""Every word that is sent, per language: phrases from the fullest to the barest, and titles of letters.

A phrase is used when everything it names is known. The last one of each row names nothing; an SMS goes on with its
link. English is plain ASCII: one typographic dash would cost 90 of the 160 units.
"""

from typing import Final

Phrases = dict[str, tuple[str, ...]]

RU: Final[Phrases] = {
    "first_link": (
        *("привезём {dates}. Время: ", "{dates}. Время: ", "{dates}. "),
        *("где заказ и когда привезём: ", "где заказ: "),
    ),
    "fresh_link": ("новая ссылка на ваш заказ: ", "новая ссылка: "),
    "moved": ("{status}, {place}. Ждите {dates}: ", "{status}, {place}: ", "{status}: ", "в пути: "),
    "in_city": ("уже в городе {city}. Выберите время: ", "уже в вашем городе. Время: ", "уже в вашем городе: "),
    "in_city_agreed": ("уже в вашем городе, привезём {day} {hours}: ", "в городе, {day} {hours}: ", "уже в городе: "),
    "at_pickup": (
        *("ждёт вас: {address}, {open}, до {until}. ", "{address}, {open}. ", "{address}. "),
        *("ждёт в пункте выдачи до {until}: ", "ждёт в пункте выдачи: "),
    ),
    "cash": ("к оплате {sum}, вес {weight}: ", "к оплате {sum}, {weight}: ", "к оплате {sum}: ", "сумма к оплате: "),
    "booked": ("привезём {day} {hours}. Изменить: ", "{day} {hours}. Изменить: ", "{day} {hours}: ", "время: "),
    "rebooked": ("новое время, {day} {hours}. Изменить: ", "новое время, {day} {hours}: ", "новое время: "),
    "postponed": ("отложили до {day}. Выбрать время: ", "отложили до {day}: ", "отложили: "),
    "postponed_reminder": ("напомним {day}, как вы просили: ", "напомним {day}: ", "напомним позже: "),
    "delay": (
        *("привезём позже, {dates}. Выберите время: ", "привезём позже, {dates}: ", "{dates}: "),
        *("привезём позже. Выберите время: ", "привезём позже: "),
    ),
    "late_delay": (
        *("задержка в пути, привезём {dates}. Выберите время: ", "задержка в пути, привезём {dates}: "),
        *("задержка в пути, {dates}: ", "задержка в пути: "),
    ),
    "late_hand_over_late": (
        *("магазин задержал заказ, привезём {dates}. Выберите время: ", "магазин задержал, привезём {dates}: "),
        *("магазин задержал, {dates}: ", "магазин задержал заказ: "),
    ),
    "late_unknown": ("задержка, ответим до {by}. Подробно: ", "задержка, ответим до {by}: ", "задержка, выясняем: "),
    "slot_lost": (
        *("не сможем приехать {lost}. Выберите другой день: ", "не приедем {lost}, выберите другой день: "),
        *("не приедем {lost}. Другой день: ", "назначенное время снято, выберите другое: "),
    ),
    "reminder": ("вы просили напомнить. Выберите день: ", "выберите день доставки: ", "выберите день: "),
    "day_before": ("завтра {hours}, к оплате {sum}: ", "завтра {hours}: ", "привезём завтра: "),
    "courier": (
        *("сегодня {window}, курьер {name} {phone}: ", "сегодня {window}, {name} {phone}: "),
        *("сегодня {window}, курьер {phone}: ", "сегодня {window}: ", "привезём сегодня: "),
    ),
    "hour_before": ("курьер будет {window}, {phone}: ", "курьер будет {window}: ", "курьер будет через час: "),
    "visit_moved": (
        *(
            "курьер приедет в другой час, {window}, {phone}: ",
            "новый час, {window}, {phone}: ",
            "новый час, {window}: ",
        ),
        "час курьера изменился: ",
    ),
    "missed": ("не застали вас. Выберите другой день: ", "не застали. Другой день: "),
    "incident": (
        *("задержка, разбираемся, ответим до {by}. Подробно: ", "задержка, ответим до {by}: "),
        "задержка, разбираемся: ",
    ),
    "incident_damaged": (
        *("посылка повреждена, ответим до {by}. Подробно: ", "посылка повреждена, ответ до {by}: "),
        "посылка повреждена: ",
    ),
    "incident_lost": (
        *("посылка потерялась, ответим до {by}. Подробно: ", "посылка потерялась, ответ до {by}: "),
        "посылка потерялась: ",
    ),
    "incident_stop_not_marked": ("курьер не отметил доставку, выясняем. Где заказ: ", "выясняем, где курьер: "),
    "still_waiting": (
        *("ждёт вас: {address}, до {until}. ", "{address}, до {until}. ", "ждёт до {until}: "),
        "ждёт вас в пункте выдачи: ",
    ),
    "storage_ends": ("хранится до {until}, потом возврат: ", "хранится до {until}: ", "скоро вернётся в магазин: "),
    "expired": ("срок хранения вышел, заказ вернётся в магазин: ", "срок вышел, вернём в магазин: "),
    "delivered": ("вручён. Спасибо! Подробно: ", "вручён: "),
    "received": ("вручён, принято {sum}. ", "вручён. "),
    "hanging": ("нет движения дольше обычного, последний раз: {status}, {place}. ", "нет движения дольше обычного. "),
    "uncollected": (
        "не забран из пункта выдачи, хранится до {until}. ",
        "не забран, хранится до {until}. ",
        "не забран. ",
    ),
    "penalty_near": ("хранение кончается {until}, потом возврат. ", "хранится до {until}. ", "хранение кончается. "),
    "recalled": (
        "магазин отозвал заказ, доставки не будет. Звоните в магазин, {shop_phone}: ",
        *("не привезём, магазин отозвал: ", "магазин отозвал: "),
    ),
    "cash_back": ("деньги вернулись: {total}, {payment}. ", "деньги вернулись: {total}. ", "деньги вернулись. "),
}
EN: Final[Phrases] = {
    "first_link": (
        *("we deliver {dates}. Pick a time: ", "{dates}. Pick a time: ", "{dates}. "),
        *("where it is and when we deliver: ", "where it is: "),
    ),
    "fresh_link": ("a fresh link to your order: ", "fresh link: "),
    "moved": ("{status}, {place}. Expect it {dates}: ", "{status}, {place}: ", "{status}: ", "on its way: "),
    "in_city": ("it is in {city}. Pick a time: ", "it is in your city. Pick a time: ", "in your city: "),
    "in_city_agreed": (
        "it is in your city, we deliver {day} {hours}: ",
        "in your city, {day} {hours}: ",
        "in your city: ",
    ),
    "at_pickup": (
        *("ready at {address}, {open}, until {until}. ", "{address}, {open}. ", "{address}. "),
        *("ready at the pick-up point until {until}: ", "ready at the pick-up point: "),
    ),
    "cash": ("to pay: {sum}, weight {weight}: ", "to pay: {sum}, {weight}: ", "to pay: {sum}: ", "sum to pay: "),
    "booked": ("we deliver {day} {hours}. Change it: ", "{day} {hours}. Change it: ", "{day} {hours}: ", "your time: "),
    "rebooked": ("new time: {day} {hours}. Change it: ", "new time: {day} {hours}: ", "new time: "),
    "postponed": ("put off until {day}. Pick a time: ", "put off until {day}: ", "put off: "),
    "postponed_reminder": ("we will remind you on {day}: ", "reminder on {day}: ", "we will remind you: "),
    "delay": (
        *("we deliver later, {dates}. Pick a time: ", "later, {dates}. Pick a time: ", "{dates}: "),
        *("we deliver later. Pick a time: ", "later. Pick a time: "),
    ),
    "late_delay": (
        *("delayed on the way, we deliver {dates}. Pick a time: ", "delayed on the way, {dates}: "),
        *("delayed, {dates}: ", "delayed on the way: "),
    ),
    "late_hand_over_late": (
        *("the shop is late, we deliver {dates}. Pick a time: ", "the shop is late, {dates}: "),
        *("shop late, {dates}: ", "the shop is late: "),
    ),
    "late_unknown": ("delayed, we answer by {by}. Details: ", "delayed, answer by {by}: ", "delayed, we are on it: "),
    "slot_lost": (
        *("we cannot come on {lost}. Pick another day: ", "not on {lost}. Pick another day: "),
        "your time is cancelled, pick another: ",
    ),
    "reminder": ("you asked us to remind you. Pick a day: ", "pick a day: "),
    "day_before": ("tomorrow {hours}, to pay {sum}: ", "tomorrow {hours}: ", "we deliver tomorrow: "),
    "courier": (
        *("today {window}, courier {name} {phone}: ", "today {window}, {name} {phone}: "),
        *("today {window}, courier {phone}: ", "today {window}: ", "we deliver today: "),
    ),
    "hour_before": ("the courier comes {window}, {phone}: ", "the courier comes {window}: ", "courier in an hour: "),
    "visit_moved": (
        *("the courier comes at another hour, {window}, {phone}: ", "new hour, {window}, {phone}: "),
        *("new hour, {window}: ", "your courier's hour has changed: "),
    ),
    "missed": ("we missed you. Pick another day: ", "another day: "),
    "incident": (
        *("delayed, we are on it, answer by {by}. Details: ", "delayed, answer by {by}: "),
        "delayed, we are on it: ",
    ),
    "incident_damaged": (
        *("the parcel is damaged, we answer by {by}. Details: ", "damaged, answer by {by}: "),
        "damaged, we are on it: ",
    ),
    "incident_lost": (
        *("the parcel is lost, we are looking, answer by {by}. Details: ", "lost, answer by {by}: "),
        "lost, we are looking: ",
    ),
    "incident_stop_not_marked": ("the courier has not confirmed your delivery, we are on it: ", "we ask the courier: "),
    "still_waiting": (
        *("waiting at {address} until {until}. ", "{address}, until {until}. ", "waiting until {until}: "),
        "waiting at the pick-up point: ",
    ),
    "storage_ends": ("kept until {until}, then it goes back: ", "kept until {until}: ", "goes back soon: "),
    "expired": ("storage is over, the order goes back: ", "it goes back to the shop: "),
    "delivered": ("handed over. Thank you! Details: ", "handed over: "),
    "received": ("handed over, received {sum}. ", "handed over. "),
    "hanging": ("no movement for longer than usual, last seen: {status}, {place}. ", "no movement for too long. "),
    "uncollected": ("not collected, kept until {until}. ", "not collected. "),
    "penalty_near": ("storage ends {until}, then it goes back. ", "kept until {until}. ", "storage ends. "),
    "recalled": (
        "the shop has recalled the order, it will not come. Please ring the shop, {shop_phone}: ",
        *("not coming, recalled by the shop: ", "recalled by the shop: "),
    ),
    "cash_back": ("money is back: {total}, {payment}. ", "money is back: {total}. ", "money is back. "),
}
UK: Final[Phrases] = {
    "first_link": (
        *("привеземо {dates}. Час: ", "{dates}. Час: ", "{dates}. "),
        *("де замовлення і коли привеземо: ", "де замовлення: "),
    ),
    "fresh_link": ("нове посилання на замовлення: ", "нове посилання: "),
    "moved": ("{status}, {place}. Чекайте {dates}: ", "{status}, {place}: ", "{status}: ", "у дорозі: "),
    "in_city": ("вже в місті {city}. Оберіть час: ", "вже у вашому місті. Час: ", "вже у вашому місті: "),
    "in_city_agreed": ("вже у вашому місті, привеземо {day} {hours}: ", "у місті, {day} {hours}: ", "вже у місті: "),
    "at_pickup": (
        *("чекає: {address}, {open}, до {until}. ", "{address}, {open}. ", "{address}. "),
        *("чекає в пункті видачі до {until}: ", "чекає в пункті видачі: "),
    ),
    "cash": (
        "до сплати {sum}, вага {weight}: ",
        "до сплати {sum}, {weight}: ",
        "до сплати {sum}: ",
        "сума до сплати: ",
    ),
    "booked": ("привеземо {day} {hours}. Змінити: ", "{day} {hours}. Змінити: ", "{day} {hours}: ", "час: "),
    "rebooked": ("новий час, {day} {hours}. Змінити: ", "новий час, {day} {hours}: ", "новий час: "),
    "postponed": ("відклали до {day}. Обрати час: ", "відклали до {day}: ", "відклали: "),
    "postponed_reminder": ("нагадаємо {day}, як ви просили: ", "нагадаємо {day}: ", "нагадаємо пізніше: "),
    "delay": (
        *("привеземо пізніше, {dates}. Оберіть час: ", "привеземо пізніше, {dates}: ", "{dates}: "),
        *("привеземо пізніше. Оберіть час: ", "привеземо пізніше: "),
    ),
    "late_delay": (
        *("затримка в дорозі, привеземо {dates}. Оберіть час: ", "затримка в дорозі, привеземо {dates}: "),
        *("затримка в дорозі, {dates}: ", "затримка в дорозі: "),
    ),
    "late_hand_over_late": (
        *("магазин затримав замовлення, привеземо {dates}. Оберіть час: ", "магазин затримав, привеземо {dates}: "),
        *("магазин затримав, {dates}: ", "магазин затримав замовлення: "),
    ),
    "late_unknown": (
        *("затримка, відповімо до {by}. Докладно: ", "затримка, відповімо до {by}: "),
        "затримка, з'ясовуємо: ",
    ),
    "slot_lost": (
        *("не зможемо приїхати {lost}. Оберіть інший день: ", "не приїдемо {lost}, оберіть інший день: "),
        *("не приїдемо {lost}. Інший день: ", "призначений час знято, оберіть інший: "),
    ),
    "reminder": ("ви просили нагадати. Оберіть день: ", "оберіть день доставки: ", "оберіть день: "),
    "day_before": ("завтра {hours}, до сплати {sum}: ", "завтра {hours}: ", "привеземо завтра: "),
    "courier": (
        *("сьогодні {window}, кур'єр {name} {phone}: ", "сьогодні {window}, {name} {phone}: "),
        *("сьогодні {window}, кур'єр {phone}: ", "сьогодні {window}: ", "привеземо сьогодні: "),
    ),
    "hour_before": ("кур'єр буде {window}, {phone}: ", "кур'єр буде {window}: ", "кур'єр буде за годину: "),
    "visit_moved": (
        *("кур'єр приїде іншої години, {window}, {phone}: ", "нова година, {window}, {phone}: "),
        *("нова година, {window}: ", "година кур'єра змінилася: "),
    ),
    "missed": ("не застали вас. Оберіть інший день: ", "не застали. Інший день: "),
    "incident": (
        *("затримка, з'ясовуємо, відповімо до {by}. Докладно: ", "затримка, відповімо до {by}: "),
        "затримка, з'ясовуємо: ",
    ),
    "incident_damaged": (
        *("посилку пошкоджено, відповімо до {by}. Докладно: ", "посилку пошкоджено, відповідь до {by}: "),
        "посилку пошкоджено: ",
    ),
    "incident_lost": (
        *("посилка загубилася, відповімо до {by}. Докладно: ", "посилка загубилася, відповідь до {by}: "),
        "посилка загубилася: ",
    ),
    "incident_stop_not_marked": ("кур'єр не позначив доставку, з'ясовуємо. Де замовлення: ", "де кур'єр, з'ясовуємо: "),
    "still_waiting": (
        *("чекає: {address}, до {until}. ", "{address}, до {until}. ", "чекає до {until}: "),
        "чекає в пункті видачі: ",
    ),
    "storage_ends": ("зберігається до {until}, потім повернення: ", "зберігається до {until}: ", "скоро повернеться: "),
    "expired": ("термін зберігання сплив, повернемо в магазин: ", "термін сплив, повернемо: "),
    "delivered": ("вручено. Дякуємо! Докладно: ", "вручено: "),
    "received": ("вручено, прийнято {sum}. ", "вручено. "),
    "hanging": ("немає руху довше звичайного, востаннє: {status}, {place}. ", "немає руху довше звичайного. "),
    "uncollected": ("не забрано, зберігається до {until}. ", "не забрано. "),
    "penalty_near": ("зберігання до {until}, потім повернення. ", "зберігання до {until}. ", "зберігання спливає. "),
    "recalled": (
        "магазин відкликав замовлення, доставки не буде. Телефонуйте в магазин, {shop_phone}: ",
        *("не привеземо, магазин відкликав: ", "магазин відкликав: "),
    ),
    "cash_back": ("гроші повернулися: {total}, {payment}. ", "гроші повернулися: {total}. ", "гроші повернулися. "),
}
PHRASES: Final[dict[str, Phrases]] = {"ru": RU, "en": EN, "uk": UK}
#: What a parcel is doing, by the kind of fact.
STATUS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "handed_over": "передан в доставку",
        "at_warehouse": "на складе",
        "departed": "в пути",
        "passed": "в пути",
    },
    "en": {
        "handed_over": "with the carrier",
        "at_warehouse": "at a depot",
        "departed": "on its way",
        "passed": "on its way",
    },
    "uk": {
        "handed_over": "передано в доставку",
        "at_warehouse": "на складі",
        "departed": "у дорозі",
        "passed": "у дорозі",
    },
}
DASH: Final = {"ru": "–", "en": "-", "uk": "–"}
CUT: Final = {"ru": "…", "en": "...", "uk": "…"}
SIGNS: Final = {"RUB": "₽", "UAH": "₴", "KZT": "₸"}
